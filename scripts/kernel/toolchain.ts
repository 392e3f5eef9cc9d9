/** The compilers and linkers of the integer engine's kernels, and the variants of each target. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../src/generator/engines/integer/kernel/', import.meta.url));
export const COMPILER = 'clang-16';
/** Node's headers for addons: `include`, and in `def` the names of all functions. */
const NODE_API = dirname(createRequire(import.meta.url).resolve('node-api-headers'));

/** No fused multiply-add: every target rounds after each operation. */
const FLAGS = [
  ...['-O3', '-std=c17', '-ffp-contract=off', '-ffreestanding', '-fno-stack-protector'],
  ...['-Wall', '-Wextra', '-Werror'],
];

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

export interface Target {
  /** As clang names it. */
  readonly triple: string;
  readonly variants: Readonly<Record<string, readonly string[]>>;
  /** Links objects into an addon; functions of Node-API stay open until Node loads it. */
  link(objects: readonly string[], to: string, scratch: string): void;
}

export const run = (command: string, options: readonly string[]) =>
  execFileSync(command, options, { stdio: 'pipe' });

function linkElf(objects: readonly string[], to: string): void {
  run('ld.lld-16', [
    ...['-shared', '--gc-sections', '--strip-all', '--build-id=none', '-z', 'noexecstack'],
    '-o',
    to,
    ...objects,
  ]);
}

/**
 * What the addon takes from macOS's C library: the function that resolves a symbol on its first call. Newer
 * versions of macOS load no binary that names no library.
 */
const LIB_SYSTEM = `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: /usr/lib/libSystem.B.dylib
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ dyld_stub_binder ]
...
`;

function linkMachO(architecture: string) {
  return (objects: readonly string[], to: string, scratch: string) => {
    const library = join(scratch, 'libSystem.tbd');
    writeFileSync(library, LIB_SYSTEM);
    const version = ['-platform_version', 'macos', '11.0', '11.0'];
    const options = ['-bundle', '-undefined', 'dynamic_lookup', '-dead_strip', '-S', '-x', '-adhoc_codesign'];
    // The linker puts the output's name into the signature.
    run('ld64.lld-16', ['-arch', architecture, ...version, ...options, '-o', to, ...objects, library]);
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
export const ADDONS: Readonly<Record<string, Target>> = {
  'linux-x64': { triple: 'x86_64-linux-gnu', variants: X64_VARIANTS, link: linkElf },
  'linux-arm64': { triple: 'aarch64-linux-gnu', variants: ARM64_VARIANTS, link: linkElf },
  'darwin-x64': { triple: 'x86_64-apple-macos11', variants: X64_VARIANTS, link: linkMachO('x86_64') },
  'darwin-arm64': { triple: 'arm64-apple-macos11', variants: ARM64_VARIANTS, link: linkMachO('arm64') },
  'win32-x64': { triple: 'x86_64-pc-windows-msvc', variants: X64_VARIANTS, link: linkPe },
};

export const WASM_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  wasm: [],
  'wasm-relaxed': ['-DRELAXED_SIMD', '-mrelaxed-simd'],
};
const WASM_LINK = [
  ...['--no-entry', '--import-memory', '--shared-memory', '--max-memory=4294967296', '--strip-all'],
  ...['--export=__stack_pointer', '--export=__heap_base', '-z,stack-size=65536'],
].join(',');
/** Of both WebAssembly variants: they are compiled and linked at once. */
export const WASM_OPTIONS = ['-nostdlib', '-msimd128', '-matomics', '-mbulk-memory', `-Wl,${WASM_LINK}`];

/** A call of the compiler. */
export interface Compilation {
  /** As clang names it. */
  readonly target: string;
  /** A file of the kernel's source, or a path. */
  readonly source: string;
  readonly to: string;
  /** Beside those of every build. */
  readonly options: readonly string[];
}

/**
 * Runs the compiler.
 *
 * @param scratch a folder whose path must not be part of the result
 */
export function compile({ target, source, to, options }: Compilation, scratch: string): void {
  run(COMPILER, [
    `--target=${target}`,
    ...FLAGS,
    ...(target === 'wasm32' || target.includes('windows') ? [] : ['-fPIC']),
    `-ffile-prefix-map=${SOURCE}=`,
    `-ffile-prefix-map=${scratch}=`,
    ...['-isystem', join(NODE_API, 'include')],
    ...options,
    resolve(SOURCE, source),
    '-o',
    to,
  ]);
}
