/** The engine as a browser's worker runs it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startIntegerEngine } from '../../../../src/generator/engines/integer/engine.ts';
import { loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { startOwnThread } from '../../../../src/generator/engines/integer/own-thread.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { randomModel } from '../../model/random-model.ts';
import { describeContract } from '../engine-contract.ts';
import { IntegerReference } from './reference.ts';

describeContract({
  name: 'integer on its own thread',
  skip: false,
  draws: 1_024,
  runs: 10,
  unitMultiple: 16,
  referenceOf: (model) => new IntegerReference(planOf(model)),
  create: async (model, capacity) =>
    startIntegerEngine(model, {
      ...{ capacity, threads: 1, startThreads: startOwnThread },
      kernel: await loadKernel('wasm'),
    }),
});

test('on its own thread it lets other tasks run after each decode', async () => {
  const engine = await startIntegerEngine(randomModel({ units: [16] }), {
    ...{ capacity: 1, threads: 1, startThreads: startOwnThread },
    kernel: await loadKernel('wasm'),
  });
  let decodes = 0;
  const stopped = new Promise<number>((resolve) => setImmediate(() => resolve(decodes)));
  for (; decodes < 10; decodes++) {
    await engine.decode([{ slot: 0, feed: [1], temperature: 1, uniforms: [0.5] }], 1);
  }
  assert.ok((await stopped) <= 1);
  await engine.close();
});
