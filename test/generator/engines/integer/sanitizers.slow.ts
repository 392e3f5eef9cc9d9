import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAddon } from '../../../../scripts/kernel/build.ts';
import { ADDONS, COMPILER, compile } from '../../../../scripts/kernel/toolchain.ts';
import { avxVnniFirst } from './avx-vnni.ts';

const SYSTEM = 'linux-x64';
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const SANITIZERS = ['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
/** What Node does not free at its end is none of the kernel’s. */
const ASAN_OPTIONS = 'detect_leaks=0:exitcode=99';

/** The runtime of the sanitizers, which must be loaded before Node; undefined where there is none. */
function runtimeLibrary(): string | undefined {
  const { stdout } = spawnSync(COMPILER, ['-print-file-name=libclang_rt.asan-x86_64.so'], {
    encoding: 'utf8',
  });
  const file = stdout?.trim();
  return file && existsSync(file) ? file : undefined;
}

function reasonToSkip(): string | false {
  if (`${process.platform}-${process.arch}` !== SYSTEM) return 'only on Linux with x64';
  return runtimeLibrary()
    ? false
    : `no ${COMPILER} with the runtime of its sanitizers here (libclang-rt-16-dev)`;
}

/** Runs sanitized.ts with the addons of a folder; returns what it prints. */
function runSanitized(
  folder: string,
  options: readonly string[],
): Promise<{ code: number | null; text: string }> {
  const files = ['poison.node', ...options, 'plain.node', 'avx-vnni.node'];
  const args = files.map((file) => (file.startsWith('--') ? file : join(folder, file)));
  const child = spawn(process.execPath, ['--import', 'tsx', here('sanitized.ts'), ...args], {
    env: { ...process.env, LD_PRELOAD: runtimeLibrary(), ASAN_OPTIONS },
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}

describe('the kernels, compiled with the address and the undefined-behavior sanitizer', {
  skip: reasonToSkip(),
}, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sanitizers-'));
    buildAddon(SYSTEM, join(folder, 'plain.node'), { options: SANITIZERS });
    buildAddon(SYSTEM, join(folder, 'avx-vnni.node'), avxVnniFirst(SANITIZERS));
    const { triple: target, link } = ADDONS[SYSTEM]!;
    const object = join(folder, 'poison.o');
    compile({ target, source: here('poison.c'), to: object, options: ['-fsanitize=address', '-c'] }, folder);
    link([object], join(folder, 'poison.node'), folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  test('compute random steps and a thousand stories without a fault', async () => {
    const { code, text } = await runSanitized(folder, []);
    assert.equal(code, 0, text);
    const digests = text
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[0]);
    assert.ok(digests.length >= 2, text);
    assert.equal(new Set(digests).size, 1, text);
  });

  test('would report an access beside an array', async () => {
    const { code, text } = await runSanitized(folder, ['--overrun']);
    assert.equal(code, 99, text);
    assert.match(text, /AddressSanitizer: use-after-poison/);
  });
});
