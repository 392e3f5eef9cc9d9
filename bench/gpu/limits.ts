/** What a device reaches through WebGPU in programs that do nothing else: the measure of an engine's share. */

const THREADS = 64;
const LANES = 8;
const USAGE = { copySource: 4, copyTarget: 8, storage: 128 };

/** Operations of a second, in 10^12, and bytes that are read and written in a second, in 10^9. */
export interface Limits {
  /** Multiplications and additions of bytes by `dot4I8Packed`. */
  readonly byteOperations: number;
  /** Multiplications and additions of float32. */
  readonly floatOperations: number;
  readonly copy: number;
}

/** @param scale 1 for a GPU; less for a software renderer */
export async function measureLimits(device: GPUDevice, scale: number): Promise<Limits> {
  const workgroups = Math.max(1, Math.round(8_192 * scale));
  const rounds = Math.max(4, Math.round(4_096 * scale));
  const sums = workgroups * THREADS * rounds * LANES;
  const bytes = await measureProgram(
    device,
    'i32',
    'dot4I8Packed(bitcast<u32>(a), bitcast<u32>(sum))',
    workgroups,
    rounds,
  );
  const floats = await measureProgram(device, 'f32', 'a * sum', workgroups, rounds);
  return {
    byteOperations: (bytes * sums * 8) / 1e12,
    floatOperations: (floats * sums * 2) / 1e12,
    copy: await measureCopy(device, Math.max(2 ** 16, 2 ** 28 * scale)),
  };
}

/** Runs in a second of a program that adds to `LANES` independent sums, `rounds` times. */
async function measureProgram(
  device: GPUDevice,
  type: string,
  product: string,
  workgroups: number,
  rounds: number,
): Promise<number> {
  const lanes = Array.from({ length: LANES }, (_, i) => i);
  const code = `
@group(0) @binding(0) var<storage, read_write> result: array<${type}>;
fn next(sum: ${type}, a: ${type}) -> ${type} { return sum + ${product}; }
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = result[id.x];
  ${lanes.map((i) => `var sum${i} = ${type}(id.x + ${i}u);`).join('\n')}
  for (var i = 0u; i < ${rounds}u; i++) { ${lanes.map((i) => `sum${i} = next(sum${i}, a);`).join(' ')} }
  result[id.x] = ${lanes.map((i) => `sum${i}`).join(' + ')};
}`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const buffer = device.createBuffer({ size: workgroups * THREADS * 4, usage: USAGE.storage });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const rate = await ratePerSecond(device, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups);
    pass.end();
  });
  buffer.destroy();
  return rate;
}

async function measureCopy(device: GPUDevice, size: number): Promise<number> {
  const [from, to] = [USAGE.copySource, USAGE.copyTarget].map((usage) =>
    device.createBuffer({ size, usage }),
  );
  const rate = await ratePerSecond(device, (encoder) => encoder.copyBufferToBuffer(from!, 0, to!, 0, size));
  for (const buffer of [from, to]) buffer!.destroy();
  return (rate * size * 2) / 1e9;
}

/** Runs of some commands in a second, after one warm-up. */
async function ratePerSecond(
  device: GPUDevice,
  encode: (encoder: GPUCommandEncoder) => void,
): Promise<number> {
  const submit = async (runs: number) => {
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < runs; i++) encode(encoder);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  await submit(1);
  const started = performance.now();
  let runs = 0;
  while (performance.now() - started < 300) {
    await submit(4);
    runs += 4;
  }
  return (runs * 1_000) / (performance.now() - started);
}
