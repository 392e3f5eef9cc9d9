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
  for (let call = 0; call * stepsPerDecode < atLeastSteps; call++) {
    const size = 1 + (Math.floor(call / 7) % capacity);
    const batch = Array.from({ length: size }, (_, i): Row => {
      const uniforms = Array.from({ length: stepsPerDecode }, (_, step) => uniformAt(i, call * 64 + step, 0));
      return {
        slot: (i + Math.floor(call / 7)) % capacity,
        feed: [1 + (call % 11)],
        temperature: 1,
        uniforms,
      };
    });
    if (call % 5 === 0) engine.clear(call % capacity);
    await engine.decode(batch, stepsPerDecode);
    // States of two layers, active ones and checkpoints; the network's own weights are constant.
    if (call >= 8) counts.add(tf.memory().numTensors);
  }
  assert.ok(counts.size <= 2, `numbers of tensors: ${[...counts].join(', ')}`);
  await engine.close();
}
