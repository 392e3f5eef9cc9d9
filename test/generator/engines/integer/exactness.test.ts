import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { assertSameBits } from '../assertions.ts';
import { callsByDefinition, callsByKernel, type RandomCall } from './random-steps.ts';

/** exactness.slow.ts takes 100,000. */
const FEW_STEPS = 3_000;

const KERNELS = await kernelNames();

describe('the integer engine agrees with its definition over random steps, bit for bit', () => {
  const expected: RandomCall[] = [];
  before(async () => {
    for await (const call of callsByDefinition(FEW_STEPS)) expected.push(call);
  });
  test('which are enough', () => {
    const rows = expected.reduce((sum, { logits }) => sum + logits.length, 0);
    assert.ok(expected.length >= 16 && rows > 10_000, `${expected.length} calls with ${rows} logits`);
  });
  for (const [i, name] of KERNELS.entries()) {
    test(`with the kernel ${name}`, async () => {
      let call = 0;
      // Threads share rows or units; one of them does both alone.
      for await (const { what, logits } of callsByKernel(FEW_STEPS, await loadKernel(name), 1 + (i % 2))) {
        assertSameBits(logits, expected[call++]!.logits, what);
      }
      assert.equal(call, expected.length);
    });
  }
});
