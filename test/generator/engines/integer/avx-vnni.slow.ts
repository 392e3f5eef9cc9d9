import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BINARIES, buildAddon } from '../../../../scripts/kernel/build.ts';
import { COMPILER } from '../../../../scripts/kernel/toolchain.ts';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { kernelNames, nativeKernels } from '../../../../src/generator/engines/integer/kernels.ts';
import { isExact } from '../../../../src/generator/engines/integer/known-vector.ts';
import { avxVnniFirst } from './avx-vnni.ts';
import { callsByKernel, digestOfCalls, RANDOM_STEPS, STEPS } from './random-steps.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';
import { thousandStories } from './thousand-stories.ts';

const DISASSEMBLER = 'llvm-objdump-16';
const works = (program: string) => spawnSync(program, ['--version']).status === 0;

/** The encodings and vectors of the dot products in an addon: `{vex} ymm`, `zmm`. */
function dotProductsOf(addon: string): Set<string> {
  const code = execFileSync(DISASSEMBLER, ['-d', '--no-show-raw-insn', addon], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const found = code.matchAll(/(\{vex\}\s*)?vpdpbusd\s.*%([xyz]mm)\d+$/gm);
  return new Set(Array.from(found, ([, vex, vector]) => `${vex ? '{vex} ' : ''}${vector}`));
}

describe('the dot products of the addons for x64', {
  skip: works(DISASSEMBLER) ? false : `no ${DISASSEMBLER} here`,
}, () => {
  for (const system of ['linux-x64', 'darwin-x64', 'win32-x64']) {
    test(`${system} has those of AVX-VNNI and of AVX-512, and no others`, () => {
      assert.deepEqual(dotProductsOf(join(BINARIES, `${system}.node`)), new Set(['zmm', '{vex} ymm']));
    });
  }
});

const hasAvx512 = (await kernelNames()).includes('avx512-vnni');
const missing = works(COMPILER) ? 'no processor with AVX-512 VNNI here' : `no ${COMPILER} here`;

describe('the kernel avx-vnni, in the encoding of AVX-512', {
  skip: hasAvx512 && works(COMPILER) ? false : missing,
}, () => {
  let folder: string;
  let addon: string;
  let kernel: Kernel;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'avx-vnni-'));
    addon = join(folder, 'avx-vnni.node');
    buildAddon('linux-x64', addon, avxVnniFirst());
    kernel = nativeKernels(addon)[0]!;
  });
  after(() => rmSync(folder, { recursive: true }));

  test('is the one that runs', () => {
    assert.equal(kernel.name, 'avx-vnni');
    assert.ok(isExact(kernel));
    assert.deepEqual(dotProductsOf(addon), new Set(['ymm', '{vex} ymm']));
  });
  test('gives the digest of 100,000 random steps', async () => {
    for (const threads of [1, 2]) {
      assert.equal(await digestOfCalls(callsByKernel(STEPS, kernel, threads)), RANDOM_STEPS);
    }
  });
  test('writes the thousand stories that every machine writes', async () => {
    for (const threads of [1, 2]) assert.equal(await thousandStories(kernel, threads), THOUSAND_STORIES);
  });
});
