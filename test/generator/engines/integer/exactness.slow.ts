import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { callsByDefinition, callsByKernel, digestOfCalls, RANDOM_STEPS, STEPS } from './random-steps.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';
import { thousandStories } from './thousand-stories.ts';

describe('over 100,000 random steps the integer engine agrees with its definition, bit for bit:', () => {
  test('the digest is the definition’s', async () => {
    assert.equal(await digestOfCalls(callsByDefinition(STEPS)), RANDOM_STEPS);
  });
});

for (const name of await kernelNames()) {
  describe(`the kernel ${name}`, () => {
    for (const threads of [1, 2]) {
      test(`gives the digest of 100,000 random steps with ${threads} threads`, async () => {
        const calls = callsByKernel(STEPS, await loadKernel(name), threads);
        assert.equal(await digestOfCalls(calls), RANDOM_STEPS);
      });
      test(`writes the thousand stories that every machine writes with ${threads} threads`, async () => {
        assert.equal(await thousandStories(await loadKernel(name), threads), THOUSAND_STORIES);
      });
    }
  });
}
