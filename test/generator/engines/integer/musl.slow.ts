import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BINARIES } from '../../../../scripts/kernel/build.ts';
import { COMPILER } from '../../../../scripts/kernel/toolchain.ts';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { nativeKernels } from '../../../../src/generator/engines/integer/kernels.ts';
import {
  digestOf,
  KNOWN_DIGEST,
  KNOWN_STEPS,
  knownPlan,
  knownRows,
} from '../../../../src/generator/engines/integer/known-vector.ts';
import { createEngineMemory } from '../../../../src/generator/engines/integer/memory.ts';

const ADDON = join(BINARIES, 'linux-x64.node');
const LIBRARY = '/usr/lib/x86_64-linux-musl';
const HEADERS = '/usr/include/x86_64-linux-musl';
const LOADER = '/lib/ld-musl-x86_64.so.1';
const isHere = [LIBRARY, HEADERS, LOADER].every((path) => existsSync(path)) && process.arch === 'x64';
const ROWS = knownRows().length;

/** Builds host.c against musl. */
function buildHost(folder: string): string {
  const [object, host] = [join(folder, 'host.o'), join(folder, 'host')];
  const nodeApi = dirname(createRequire(import.meta.url).resolve('node-api-headers'));
  const compilerHeaders = execFileSync(COMPILER, ['-print-resource-dir'], { encoding: 'utf8' }).trim();
  const includes = [HEADERS, join(compilerHeaders, 'include'), join(nodeApi, 'include')];
  const source = fileURLToPath(new URL('host.c', import.meta.url));
  execFileSync(COMPILER, [
    ...['--target=x86_64-linux-musl', '-O1', '-nostdinc', ...includes.flatMap((path) => ['-isystem', path])],
    ...['-c', source, '-o', object],
  ]);
  const parts = ['Scrt1.o', 'crti.o', object, 'libc.so', 'crtn.o'].map((part) =>
    part === object ? part : join(LIBRARY, part),
  );
  execFileSync('ld.lld-16', ['-pie', '-dynamic-linker', LOADER, '--export-dynamic', ...parts, '-o', host]);
  return host;
}

/** The digest of the known decode, by rows or by units, that a kernel does in another program. */
function digestIn(host: string, kernel: Kernel, index: number, rowsEach: number, image: string): number {
  const sizes = { capacity: ROWS, steps: KNOWN_STEPS, threads: 1, sets: 1 };
  const { network, jobs, views } = createEngineMemory(kernel, knownPlan(), sizes);
  const [job] = jobs;
  for (let slot = 0; slot < ROWS; slot++) network.clear(views, slot, 0);
  job.write(views, knownRows(), new Uint8Array(ROWS), {
    ...{ steps: KNOWN_STEPS, draws: true, threads: 1, rowsEach },
  });
  writeFileSync(image, views.bytes);
  const options = [ADDON, image, network.at, job.at].map(String);
  const name = execFileSync(host, [options[0]!, String(index), ...options.slice(1)], { encoding: 'utf8' });
  assert.equal(name.trim(), kernel.name);
  views.bytes.set(readFileSync(image));
  const logits = Array.from({ length: ROWS }, (_, slot) => network.logitsOf(views, slot));
  return digestOf([job.drawn(views, ROWS, KNOWN_STEPS), ...logits]);
}

describe('the addon for Linux under musl', {
  skip: isHere ? false : "no musl here (Debian's packages musl and musl-dev)",
}, () => {
  let folder: string;
  let host: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'musl-'));
    host = buildHost(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [index, kernel] of isHere ? nativeKernels(ADDON).entries() : []) {
    test(`gives the known result with the kernel ${kernel.name}`, () => {
      for (const rowsEach of [ROWS, 0]) {
        assert.equal(digestIn(host, kernel, index, rowsEach, join(folder, 'image')), KNOWN_DIGEST);
      }
    });
  }
});
