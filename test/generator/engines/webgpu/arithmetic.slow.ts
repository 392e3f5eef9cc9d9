/** The arithmetic of the programs, compared with that of the processor. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { requestDawnAdapter } from '../../../../src/generator/engines/tensorflow/dawn.ts';
import { requestWebgpuDevice } from '../../../../src/generator/engines/webgpu/device.ts';
import { FLOAT32 } from '../../../../src/generator/engines/webgpu/wgsl/float32.ts';
import { FLOAT64 } from '../../../../src/generator/engines/webgpu/wgsl/float64.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { skipWithoutWebgpu } from '../tensorflow-backends.ts';

const PAIRS = 40_000;
const INVOCATIONS = 64;
const USAGE = { read: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };

/** Pseudo-random numbers of both signs, whose magnitudes are 2^low to 2^high. */
function numbers(stream: number, [low, high]: readonly [number, number]): Float64Array {
  return Float64Array.from({ length: PAIRS }, (_, i) => {
    const sign = uniformAt(stream, i, 0) < 0.5 ? -1 : 1;
    const exponent = low + Math.floor(uniformAt(stream, i, 1) * (high - low));
    return sign * (1 + uniformAt(stream, i, 2)) * 2 ** exponent;
  });
}

describe("the programs' arithmetic", { skip: skipWithoutWebgpu() }, () => {
  let device: GPUDevice;
  before(async () => {
    ({ device } = await requestWebgpuDevice(await requestDawnAdapter()));
  });
  after(() => device.destroy());

  /** Computes an expression of a and b, vectors of words, for each pair. */
  async function compute(type: string, functions: string, of: string, a: Uint32Array, b: Uint32Array) {
    const code = `
struct Part { zero: u32 }
@group(0) @binding(0) var<uniform> part: Part;
@group(0) @binding(1) var<storage, read> first: array<${type}>;
@group(0) @binding(2) var<storage, read> second: array<${type}>;
@group(0) @binding(3) var<storage, read_write> result: array<${type}>;
${functions}
@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = first[id.x];
  let b = second[id.x];
  result[id.x] = ${of};
}`;
    const upload = (data: Uint32Array, usage: number) => {
      const buffer = device.createBuffer({
        size: Math.max(16, data.byteLength),
        usage,
        mappedAtCreation: true,
      });
      new Uint32Array(buffer.getMappedRange()).set(data);
      buffer.unmap();
      return buffer;
    };
    const size = a.byteLength;
    const result = device.createBuffer({ size, usage: USAGE.storage | USAGE.copySource });
    const download = device.createBuffer({ size, usage: USAGE.read | USAGE.copyTarget });
    const module = device.createShaderModule({ code });
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const buffers = [upload(a, USAGE.storage), upload(b, USAGE.storage), result];
    if (functions.includes('part.zero')) buffers.unshift(upload(new Uint32Array(4), USAGE.uniform));
    const first = 4 - buffers.length;
    const entries = buffers.map((buffer, i) => ({ binding: first + i, resource: { buffer } }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(Math.ceil(PAIRS / INVOCATIONS));
    pass.end();
    encoder.copyBufferToBuffer(result, 0, download, 0, size);
    device.queue.submit([encoder.finish()]);
    await download.mapAsync(USAGE.read);
    return download.getMappedRange().slice(0);
  }

  const DOUBLES: readonly [name: string, of: string, expected: (a: number, b: number) => number][] = [
    ['sums', 'add64(a, b)', (a, b) => a + b],
    ['products', 'multiply64(a, b)', (a, b) => a * b],
    ['quotients', 'divide64(a, b)', (a, b) => a / b],
    ['comparisons', 'vec2u(0u, select(0u, 0x3ff00000u, less64(a, b)))', (a, b) => (a < b ? 1 : 0)],
  ];
  for (const [name, of, expected] of DOUBLES) {
    test(`has the ${name} of float64`, async () => {
      for (const [round, range] of (
        [
          [-1, 1],
          [-30, 30],
          [-200, 200],
        ] as const
      ).entries()) {
        const [a, b] = [numbers(2 * round, range), numbers(2 * round + 1, range)];
        // Equal numbers, halves of a last bit, and zeros.
        for (let i = 0; i < 2_000; i++)
          b[i] = [a[i]!, -a[i]!, a[i]! * 2 ** -53, a[i]! * 3 * 2 ** -54][i % 4]!;
        if (name !== 'quotients') b.fill(0, 2_000, 2_100);
        a.fill(0, 2_050, 2_200);
        const words = (values: Float64Array) => new Uint32Array(values.buffer);
        const results = new Float64Array(await compute('vec2u', FLOAT64, of, words(a), words(b)));
        results.forEach((result, i) => {
          const wanted = expected(a[i]!, b[i]!);
          assert.ok(result === wanted, `${a[i]} and ${b[i]}: ${result}, expected ${wanted}`);
        });
      }
    });
  }

  test('has the quotients of float32', async () => {
    for (const [round, range] of (
      [
        [-1, 1],
        [-30, 30],
      ] as const
    ).entries()) {
      const a = Float32Array.from(numbers(2 * round, range));
      const b = Float32Array.from(numbers(2 * round + 1, range), Math.abs);
      a.fill(0, 0, 100);
      // Quotients near a power of two, and exact ones.
      for (let i = 100; i < 2_000; i++) a[i] = b[i]! * [1, -2, 1 - 2 ** -24, 1 + 2 ** -23, 3][i % 5]!;
      const words = (values: Float32Array) => new Uint32Array(values.buffer);
      const of = 'bitcast<vec4u>(rounded(divide(bitcast<vec4f>(a), bitcast<vec4f>(b))))';
      const results = new Float32Array(await compute('vec4u', FLOAT32, of, words(a), words(b)));
      results.forEach((result, i) => {
        assert.equal(result, Math.fround(a[i]! / b[i]!), `${a[i]} / ${b[i]}`);
      });
    }
  });

  test('has the exponential of the kernel', async () => {
    const a = Float64Array.from({ length: PAIRS }, (_, i) => -((i / PAIRS) ** 4) * 720);
    const words = new Uint32Array(a.buffer);
    const results = new Float64Array(await compute('vec2u', FLOAT64, 'exponential(a)', words, words));
    results.forEach((result, i) => {
      const wanted = a[i]! < -708 ? 0 : Math.exp(a[i]!);
      assert.ok(Math.abs(result - wanted) <= wanted * 2 ** -51, `exp(${a[i]}): ${result}`);
    });
  });
});
