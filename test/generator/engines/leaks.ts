import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { Row } from '../../../src/generator/engines/engine.ts';
import type { TensorflowBackend } from '../../../src/generator/engines/tensorflow/backend.ts';
import { createTensorflowEngine } from '../../../src/generator/engines/tensorflow/engine.ts';
import { uniformAt } from '../../../src/generator/sampler.ts';
import { randomModel } from '../model/random-model.ts';

/**
 * Runs an engine for a number of steps, with slots that start and end as stories do, and counts its tensors.
 */
export async function assertNoLeak(backend: TensorflowBackend, atLeastSteps: number): Promise<void> {
  const capacity = 6;
  const engine = await createTensorflowEngine(randomModel(), backend, { capacity });
  const counts = new Set<number>();
  const { stepsPerDecode } = engine;
  for (let trip = 0; trip * stepsPerDecode < atLeastSteps; trip++) {
    const size = 1 + (Math.floor(trip / 7) % capacity);
    const lanes = Array.from({ length: size }, (_, i): Row => {
      const uniforms = Array.from({ length: stepsPerDecode }, (_, step) => uniformAt(i, trip * 64 + step, 0));
      return {
        slot: (i + Math.floor(trip / 7)) % capacity,
        feed: [1 + (trip % 11)],
        temperature: 1,
        uniforms,
      };
    });
    if (trip % 5 === 0) engine.clear(trip % capacity);
    await engine.decode(lanes, stepsPerDecode);
    // States of two layers, active ones and checkpoints; the network's own weights are constant.
    if (trip >= 8) counts.add(tf.memory().numTensors);
  }
  assert.ok(counts.size <= 2, `numbers of tensors: ${[...counts].join(', ')}`);
  await engine.close();
}
