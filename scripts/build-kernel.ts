/**
 * Builds the integer engine's kernels from their C source into src/generator/engines/integer/binaries, with the
 * digest of each in manifest.json. The same compiler gives the same bytes on every machine.
 *
 * Needs Debian 12's packages clang-16, lld-16 and llvm-16; no other system's headers or libraries, because the
 * source uses none.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from './command-line.ts';

const SOURCE = fileURLToPath(new URL('../src/generator/engines/integer/kernel/', import.meta.url));
export const BINARIES = fileURLToPath(new URL('../src/generator/engines/integer/binaries/', import.meta.url));
export const COMPILER = 'clang-16';
/** Node's headers for addons: `include`, and in `def` the names of all functions. */
const NODE_API = dirname(createRequire(import.meta.url).resolve('node-api-headers'));

/** No fused multiply-add: every target rounds after each operation. */
const FLAGS = ['-O3', '-std=c17', '-ffp-contract=off', '-ffreestanding', '-Wall', '-Wextra', '-Werror'];

/** The vector widths of a processor: what follows `decode_` and `kernel_` in the source, and its flags. */
const X64_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  avx512: [
    ...['-mavx2', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx512vnni'],
    '-mprefer-vector-width=512',
  ],
  avxvnni: ['-mavx2', '-mavxvnni'],
  avx2: ['-mavx2'],
  sse2: [],
};
const ARM64_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  neon_dot: ['-march=armv8.2-a+dotprod'],
  neon: ['-march=armv8-a'],
};

interface Target {
  /** As clang names it. */
  readonly triple: string;
  readonly variants: Readonly<Record<string, readonly string[]>>;
  /** Links objects into an addon; functions of Node-API stay open until Node loads it. */
  link(objects: readonly string[], to: string, scratch: string): void;
}

const run = (command: string, options: readonly string[]) =>
  execFileSync(command, options, { stdio: 'pipe' });

function linkElf(objects: readonly string[], to: string): void {
  run('ld.lld-16', [
    ...['-shared', '--gc-sections', '--strip-all', '--build-id=none', '-z', 'noexecstack'],
    '-o',
    to,
    ...objects,
  ]);
}

function linkMachO(architecture: string) {
  return (objects: readonly string[], to: string) => {
    const version = ['-platform_version', 'macos', '11.0', '11.0'];
    const options = [
      '-bundle',
      '-undefined',
      'dynamic_lookup',
      '-dead_strip',
      '-S',
      '-x',
      '-no_uuid',
      '-adhoc_codesign',
    ];
    // The linker puts the output's name into the signature.
    run('ld64.lld-16', ['-arch', architecture, ...version, ...options, '-o', to, ...objects]);
  };
}

function linkPe(objects: readonly string[], to: string, scratch: string): void {
  const library = join(scratch, 'node.lib');
  const symbols = ['js_native_api', 'node_api'].map(
    (name) => readFileSync(join(NODE_API, 'def', `${name}.def`), 'utf8').split('EXPORTS')[1],
  );
  const definition = join(scratch, 'node.def');
  writeFileSync(definition, `NAME NODE.EXE\nEXPORTS\n${symbols.join('\n')}`);
  run('llvm-dlltool-16', ['-m', 'i386:x86-64', '-d', definition, '-l', library]);
  run('lld-link-16', [
    ...['/dll', '/nodefaultlib', '/entry:DllMainCRTStartup', '/opt:ref', '/noimplib', '/Brepro'],
    `/out:${to}`,
    ...objects,
    library,
  ]);
}

/** File names begin as `${process.platform}-${process.arch}`. On Linux they need no C library, so musl has the same. */
const ADDONS: Readonly<Record<string, Target>> = {
  'linux-x64': { triple: 'x86_64-linux-gnu', variants: X64_VARIANTS, link: linkElf },
  'linux-arm64': { triple: 'aarch64-linux-gnu', variants: ARM64_VARIANTS, link: linkElf },
  'darwin-x64': { triple: 'x86_64-apple-macos11', variants: X64_VARIANTS, link: linkMachO('x86_64') },
  'darwin-arm64': { triple: 'arm64-apple-macos11', variants: ARM64_VARIANTS, link: linkMachO('arm64') },
  'win32-x64': { triple: 'x86_64-pc-windows-msvc', variants: X64_VARIANTS, link: linkPe },
};

const WASM_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  wasm: [],
  'wasm-relaxed': ['-DRELAXED_SIMD', '-mrelaxed-simd'],
};
const WASM_FLAGS = ['--target=wasm32', '-nostdlib', '-msimd128', '-matomics', '-mbulk-memory'];
const WASM_LINK = [
  ...['--no-entry', '--import-memory', '--shared-memory', '--max-memory=4294967296', '--strip-all'],
  ...['--export=__stack_pointer', '--export=__heap_base', '-z,stack-size=65536'],
].join(',');

/** Builds all kernels into a folder. Returns the manifest: the SHA-256 of each file, by name. */
export function buildKernels(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'kernel-'));
  // Without it a path of this machine would be part of some files.
  const paths = [`-ffile-prefix-map=${SOURCE}=`, `-ffile-prefix-map=${scratch}=`];
  const files: string[] = [];
  try {
    for (const [name, { triple, variants, link }] of Object.entries(ADDONS)) {
      const compile = (source: string, object: string, options: readonly string[]) => {
        const to = join(scratch, `${name}-${object}.o`);
        run(COMPILER, [
          `--target=${triple}`,
          ...FLAGS,
          ...(name.startsWith('win32') ? [] : ['-fPIC']),
          ...paths,
          ...options,
          '-c',
          join(SOURCE, source),
          '-o',
          to,
        ]);
        return to;
      };
      const objects = Object.entries(variants).map(([variant, options]) =>
        compile('decode.c', variant, [`-DVARIANT(name)=name##_${variant}`, ...options]),
      );
      files.push(`${name}.node`);
      link(
        [...objects, compile('addon.c', 'addon', ['-isystem', join(NODE_API, 'include')])],
        join(folder, `${name}.node`),
        scratch,
      );
    }
    for (const [name, options] of Object.entries(WASM_VARIANTS)) {
      files.push(`${name}.wasm`);
      const to = join(folder, `${name}.wasm`);
      run(COMPILER, [
        ...WASM_FLAGS,
        ...FLAGS,
        ...paths,
        ...options,
        `-Wl,${WASM_LINK}`,
        join(SOURCE, 'decode.c'),
        '-o',
        to,
      ]);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  for (const file of files) chmodSync(join(folder, file), 0o644);
  return Object.fromEntries(files.sort().map((file) => [file, digestOf(readFileSync(join(folder, file)))]));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const HELP = `
npm run build:kernel

Compiles the kernels of the integer engine with ${COMPILER}, and prints the digest of each file.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  readCommandLine(HELP, {});
  const manifest = buildKernels(BINARIES);
  writeFileSync(join(BINARIES, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [file, digest] of Object.entries(manifest)) console.log(`${digest}  ${file}`);
}
