/**
 * Builds the integer engine's kernels from their C source into src/generator/engines/integer/binaries, with the
 * digest of each in manifest.json. The same compiler gives the same bytes on every machine.
 *
 * Needs Debian 12's packages clang-16, lld-16 and llvm-16; no other system's headers or libraries, because the
 * source uses none.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../command-line.ts';
import { ADDONS, COMPILER, compile, WASM_OPTIONS, WASM_VARIANTS } from './toolchain.ts';

export const BINARIES = fileURLToPath(
  new URL('../../src/generator/engines/integer/binaries/', import.meta.url),
);

/** How an addon differs from the one in the repository, for tests. */
export interface AddonChanges {
  /** More options of the compiler. */
  readonly options?: readonly string[];
  /** Functions that compile some of the variants to an object, in another way, using a folder for other files. */
  readonly variants?: Readonly<Record<string, (to: string, scratch: string) => void>>;
}

/**
 * Builds the addon of a system.
 *
 * @param system a name of `ADDONS`: `linux-x64`, ...
 * @param to path of the addon
 */
export function buildAddon(system: string, to: string, changes: AddonChanges = {}): void {
  const { triple: target, variants, link } = ADDONS[system]!;
  const { options: more = [] } = changes;
  const scratch = mkdtempSync(join(tmpdir(), 'kernel-'));
  const objectOf = (name: string) => join(scratch, `${system}-${name}.o`);
  try {
    for (const [variant, flags] of Object.entries(variants)) {
      const to = objectOf(variant);
      const changed = changes.variants?.[variant];
      const options = [`-DVARIANT(name)=name##_${variant}`, ...flags, ...more, '-c'];
      if (changed) changed(to, scratch);
      else compile({ target, source: 'decode.c', to, options }, scratch);
    }
    compile({ target, source: 'addon.c', to: objectOf('addon'), options: [...more, '-c'] }, scratch);
    link([...Object.keys(variants), 'addon'].map(objectOf), to, scratch);
    chmodSync(to, 0o644);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Builds all kernels into a folder. Returns the manifest: the SHA-256 of each file, by name. */
export function buildKernels(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  for (const system of Object.keys(ADDONS)) buildAddon(system, join(folder, `${system}.node`));
  for (const [name, options] of Object.entries(WASM_VARIANTS)) {
    const to = join(folder, `${name}.wasm`);
    compile({ target: 'wasm32', source: 'decode.c', to, options: [...WASM_OPTIONS, ...options] }, folder);
    chmodSync(to, 0o644);
  }
  const files = [
    ...Object.keys(ADDONS).map((system) => `${system}.node`),
    ...Object.keys(WASM_VARIANTS).map((name) => `${name}.wasm`),
  ];
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
