/** Dispatches and bytes of a decode of 16 characters, by TensorFlow.js in float32 and by the engine's own programs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Engine, Row } from '../../../../src/generator/engines/engine.ts';
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { createTensorflowEngine } from '../../../../src/generator/engines/tensorflow/engine.ts';
import { createWebgpuBackend } from '../../../../src/generator/engines/tensorflow/webgpu.ts';
import { requestWebgpuDevice } from '../../../../src/generator/engines/webgpu/device.ts';
import { createWebgpuEngine } from '../../../../src/generator/engines/webgpu/engine.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { randomModel } from '../../model/random-model.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { openTestDevice } from './webgpu-device.ts';

const STEPS = 16;

interface Traffic {
  readonly dispatches: number;
  /** Bytes per character, to the device and back. */
  readonly uploaded: number;
  readonly downloaded: number;
}

/** Counts what a device does for one decode of rows that each feed one id. */
async function trafficOf(engine: Engine, rows: number): Promise<Traffic> {
  const batch = (from: number) =>
    Array.from({ length: rows }, (_, slot): Row => {
      const uniforms = Array.from({ length: STEPS }, (_, step) => uniformAt(slot, from + step, 0));
      return { slot, feed: [1], temperature: 0.7, uniforms };
    });
  // The first decodes compile programs and arrange states.
  for (const from of [0, STEPS]) await engine.decode(batch(from), STEPS);
  let [dispatches, uploaded, downloaded] = [0, 0, 0];
  const restore = [
    observe(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => {
      dispatches += 1;
    }),
    observe(GPUQueue.prototype, 'writeBuffer', (_buffer, _offset, data, _from, size) => {
      uploaded += (size as number | undefined) ?? (data as ArrayBufferView).byteLength;
    }),
    observe(GPUDevice.prototype, 'createBuffer', (descriptor) => {
      const { mappedAtCreation, size } = descriptor as GPUBufferDescriptor;
      if (mappedAtCreation) uploaded += size;
    }),
    observe(GPUBuffer.prototype, 'getMappedRange', function (this: GPUBuffer, _offset, size) {
      if (this.mapState === 'mapped' && (this.usage & GPUBufferUsage.MAP_READ) !== 0) {
        downloaded += (size as number | undefined) ?? this.size;
      }
    }),
  ];
  await engine.decode(batch(2 * STEPS), STEPS);
  for (const one of restore) one();
  const characters = rows * STEPS;
  return { dispatches, uploaded: uploaded / characters, downloaded: downloaded / characters };
}

/** Calls `see` before each call of a method; returns what ends that. */
function observe<T extends object>(
  of: T,
  name: keyof T,
  see: (this: T, ...values: unknown[]) => void,
): () => void {
  const original = of[name] as unknown as (...values: unknown[]) => unknown;
  of[name] = function (this: T, ...values: unknown[]) {
    see.apply(this, values);
    return original.apply(this, values);
  } as T[keyof T];
  return () => {
    of[name] = original as T[keyof T];
  };
}

describe('a decode of 16 characters of two layers', { skip: skipWithoutWebgpu() }, () => {
  const model = randomModel({ units: [16, 16], characters: 24 });

  test('takes 48 dispatches, one for each layer and one for the draws of a step', async () => {
    const { opened, programs } = await openTestDevice();
    for (const rows of [1, 32]) {
      const engine = await createWebgpuEngine(model, opened, programs, { capacity: rows, name: 'integer' });
      const traffic = await trafficOf(engine, rows);
      // Per row 10 words, and per character its uniform, an id to feed and the drawn id; 8 words of a job.
      assert.deepEqual(traffic, { dispatches: 48, uploaded: 14.5 + 2 / rows, downloaded: 4 });
      await engine.close();
    }
    opened.device.destroy();
  });

  test('took 148 by TensorFlow.js, which other models still take', async () => {
    const opened = await requestWebgpuDevice(await requestDawnAdapter());
    const backend = await createWebgpuBackend(opened);
    for (const rows of [1, 32]) {
      const engine = await createTensorflowEngine(model, backend, { capacity: rows });
      const traffic = await trafficOf(engine, rows);
      // Fewer rows are padded to 16; each dispatch has its own uniforms.
      const bytes = { 1: { uploaded: 885, downloaded: 64 }, 32: { uploaded: 29.90625, downloaded: 4 } }[rows];
      assert.deepEqual(traffic, { dispatches: 148, ...bytes });
      await engine.close();
    }
    await backend.close();
  });
});
