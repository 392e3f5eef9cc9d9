import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/engine.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { describeContract } from '../engine-contract.ts';
import { IntegerReference } from './reference.ts';

describeContract({
  name: 'integer',
  skip: false,
  draws: 4_096,
  runs: 60,
  unitMultiple: 16,
  referenceOf: (model) => new IntegerReference(planOf(model)),
  create: (model, capacity) => createIntegerEngine(model, { capacity }),
});

describe('the integer engine', () => {
  test('reports its name and size', async () => {
    const engine = await createIntegerEngine(randomModel({ units: [16] }), { capacity: 7 });
    const { name, capacity, vocabularySize, stepsPerDecode } = engine;
    assert.deepEqual(
      { name, capacity, vocabularySize, stepsPerDecode },
      { name: 'integer', capacity: 7, vocabularySize: 12, stepsPerDecode: 16 },
    );
    await engine.close();
  });

  test('refuses numbers of threads out of range', async () => {
    for (const threads of [0, 0.5, 1e6]) {
      await assert.rejects(
        createIntegerEngine(randomModel({ units: [16] }), { capacity: 1, threads }),
        /Expected `threads` to be/,
      );
    }
  });
});
