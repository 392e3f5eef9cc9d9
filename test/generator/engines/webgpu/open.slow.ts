import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Row } from '../../../../src/generator/engines/engine.ts';
import { INTEGER_ENGINE_NAME } from '../../../../src/generator/engines/integer/engine.ts';
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { openWebgpu } from '../../../../src/generator/engines/webgpu/open.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf, randomModel } from '../../model/random-model.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';

const OPTIONS = { capacity: 2, threads: 1 };
const ROW: Row = { slot: 0, feed: [1], temperature: 1, uniforms: [0.5] };

describe('a GPU that is opened for stories', { skip: skipWithoutWebgpu() }, () => {
  test("runs the integer engine's models in integers and others in floats, side by side", async () => {
    const opened = await openWebgpu(await requestDawnAdapter(), navigator.gpu.wgslLanguageFeatures);
    assert.doesNotMatch(opened.device, /float32/);
    const random = new RandomLayers(2);
    const gru = modelOf([random.embedding(12, 5), random.gru(5, 16, true), random.dense(16, 12)]);
    const refusals: string[] = [];
    const options = { ...OPTIONS, onRefusal: (reason: string) => refusals.push(reason) };
    const engines = [
      await opened.create(randomModel({ units: [16] }), options),
      await opened.create(gru, options),
      await opened.create(randomModel({ units: [32, 16] }), options),
    ];
    assert.deepEqual(refusals, ['its first layer with a state is no LSTM']);
    assert.deepEqual(
      engines.map(({ name }) => name),
      [INTEGER_ENGINE_NAME, 'tensorflow-webgpu', INTEGER_ENGINE_NAME],
    );
    for (const engine of [...engines, ...engines]) {
      assert.equal((await engine.decode([ROW], 1)).length, 1);
    }
    for (const engine of engines) await engine.close();
    await opened.close();
  });

  test('runs all models in floats where a program is refused, and says why', async () => {
    const adapter = await requestDawnAdapter();
    const device = await adapter.requestDevice();
    device.createComputePipelineAsync = () =>
      Promise.reject(new Error('the driver cannot compile this\nat all'));
    const { info, limits } = adapter;
    const refusing = { info, limits, requestDevice: async () => device } as unknown as GPUAdapter;
    const opened = await openWebgpu(refusing, navigator.gpu.wgslLanguageFeatures);
    assert.match(opened.device, /, in float32 \(the driver cannot compile this\)$/);
    const refusals: string[] = [];
    const options = { ...OPTIONS, onRefusal: (reason: string) => refusals.push(reason) };
    const engine = await opened.create(randomModel({ units: [16] }), options);
    assert.deepEqual(refusals, ['the GPU cannot: the driver cannot compile this']);
    assert.equal(engine.name, 'tensorflow-webgpu');
    assert.equal((await engine.decode([ROW], 1)).length, 1);
    await engine.close();
    await opened.close();
  });
});
