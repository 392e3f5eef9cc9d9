import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineLostError, type Row } from '../../../../src/generator/engines/engine.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { createWebgpuEngine } from '../../../../src/generator/engines/webgpu/engine.ts';
import { Programs } from '../../../../src/generator/engines/webgpu/programs.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf, randomModel } from '../../model/random-model.ts';
import { describeContract } from '../engine-contract.ts';
import { IntegerReference } from '../integer/reference.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';
import { rowsOf } from './rows.ts';
import { createOnTestDevice, openTestDevice } from './webgpu-device.ts';

const skip = skipWithoutWebgpu();
const LEAK_DECODES = 60;

describeContract({
  name: 'webgpu',
  skip,
  draws: 1_024,
  runs: 5,
  unitMultiple: 16,
  textSteps: 20,
  referenceOf: (model) => new IntegerReference(planOf(model)),
  create: createOnTestDevice,
});

describe('the webgpu engine', { skip }, () => {
  test('fails where the logits are no distribution, and goes on afterwards', async () => {
    const layers = new RandomLayers(1);
    const [lstm, dense] = [layers.lstm(5, 256), layers.dense(256, 12)];
    const open = { ...lstm, bias: lstm.bias.map(() => 5) };
    const model = modelOf([layers.embedding(12, 5), open, { ...dense, kernel: dense.kernel.fill(3e38) }]);
    const engine = await createOnTestDevice(model, 1);
    const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: [0.5] };
    for (let i = 0; i < 2; i++) {
      await assert.rejects(engine.decode([row], 1), /Nothing can be drawn from such logits/);
    }
    await engine.close();
  });

  test('refuses more slots than the device can hold, in a sentence', async () => {
    const adapter = await requestDawnAdapter();
    // A device with the limits that every adapter has: the cells of a slot are 18 KiB, and a buffer has 128 MiB.
    const opened = {
      device: await adapter.requestDevice(),
      info: adapter.info,
      lost: new Promise<string>(() => {}),
    };
    const programs = await Programs.compile(opened.device, navigator.gpu.wgslLanguageFeatures);
    const model = randomModel({ units: [1_536] });
    const engineOf = (capacity: number) =>
      createWebgpuEngine(model, opened, programs, { capacity, name: 'integer' });
    await assert.rejects(engineOf(8_192), /^Error: the device cannot hold 8192 stories: .*binding size/i);
    await (await engineOf(1)).close();
    opened.device.destroy();
  });

  test('leaves nothing on the device when it is closed', async () => {
    const { opened, programs } = await openTestDevice();
    const live = new Set<GPUBuffer>();
    let created = 0;
    const count = <Name extends keyof GPUDevice>(name: Name) => {
      const method = opened.device[name] as unknown as (...values: unknown[]) => unknown;
      opened.device[name] = ((...values: unknown[]) => {
        created += 1;
        const result = method.apply(opened.device, values);
        if (result instanceof GPUBuffer) watch(result);
        return result;
      }) as GPUDevice[Name];
    };
    const watch = (buffer: GPUBuffer) => {
      const destroy = buffer.destroy.bind(buffer);
      live.add(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        destroy();
        return undefined;
      };
    };
    for (const name of ['createBuffer', 'createBindGroup', 'createBindGroupLayout'] as const) count(name);
    for (const name of ['createShaderModule', 'createComputePipelineAsync', 'createPipelineLayout'] as const)
      count(name);
    const model = randomModel({ units: [32, 16] });
    const engine = await createWebgpuEngine(model, opened, programs, { capacity: 6, name: 'integer' });
    const decode = async (call: number) => {
      const slots = Array.from({ length: 1 + (call % 6) }, (_, i) => (i + call) % 6);
      if (call % 5 === 0) engine.clear(call % 6);
      engine.checkpoint(slots, call % 2);
      await engine.decode(rowsOf(model, slots, call * 16, 16, new Int32Array(6)), 16);
      if (call % 3 === 0) engine.restore(slots[0]!, call % 2);
    };
    // The buffer of the arguments grows with the first decodes of more rows.
    for (let call = 0; call < 6; call++) await decode(call);
    assert.ok(live.size > 0);
    created = 0;
    for (let call = 6; call < LEAK_DECODES; call++) await decode(call);
    // A decode creates nothing that stays.
    assert.equal(created, 0);
    await engine.close();
    assert.equal(live.size, 0);
    opened.device.destroy();
  });
});

describe('a lost device of the webgpu engine', { skip }, () => {
  const row: Row = { slot: 0, feed: [1], temperature: 1, uniforms: new Array(16).fill(0.5) };

  test('rejects the active decode and all later ones, and a new device replaces it', async () => {
    const model = randomModel({ units: [16, 16] });
    const open = async () => {
      const { opened, programs } = await openTestDevice();
      const engine = await createWebgpuEngine(model, opened, programs, { capacity: 2, name: 'integer' });
      return { opened, engine };
    };
    const first = await open();
    const expected = await first.engine.decode([row], 16);
    const under = first.engine.decode([row], 16);
    first.opened.device.destroy();
    await assert.rejects(under, EngineLostError);
    await assert.rejects(first.engine.decode([row], 16), EngineLostError);
    await first.engine.close();

    const second = await open();
    assert.deepEqual(await second.engine.decode([row], 16), expected);
    await second.engine.close();
    second.opened.device.destroy();
  });
});
