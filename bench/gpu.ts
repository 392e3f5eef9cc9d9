/**
 * Measures a GPU in one command: characters per second and latency of a decode by the number of stories, its
 * power and memory, the share of what the card reaches, and what a thousand stories cost; PyTorch beside it.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readCommandLine } from '../scripts/command-line.ts';
import type { Engine, Row } from '../src/generator/engines/engine.ts';
import { planOf } from '../src/generator/engines/integer/plan.ts';
import { acceptedAdapter, adapterTitle } from '../src/generator/engines/tensorflow/backend.ts';
import { createCudaBackend } from '../src/generator/engines/tensorflow/cuda.ts';
import { requestDawnAdapter } from '../src/generator/engines/tensorflow/dawn.ts';
import { createTensorflowEngine } from '../src/generator/engines/tensorflow/engine.ts';
import { createWebgpuBackend } from '../src/generator/engines/tensorflow/webgpu.ts';
import { requestWebgpuDevice } from '../src/generator/engines/webgpu/device.ts';
import { createWebgpuEngine } from '../src/generator/engines/webgpu/engine.ts';
import { isExact } from '../src/generator/engines/webgpu/exactness.ts';
import { Programs } from '../src/generator/engines/webgpu/programs.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { CardMonitor, cardLine, type Period } from './gpu/card.ts';
import { type Limits, measureLimits } from './gpu/limits.ts';
import { type Point, pointsTable, type Scale, STORY_CHARACTERS } from './gpu/points.ts';
import { figure, machine, median } from './measure.ts';
import { weightsOf } from './peak.ts';

const HELP = `
npm run bench:gpu -- [options]

Measures the GPU of this machine, through WebGPU and through CUDA; PyTorch, too, if the Python has it.

  --software       try this script on a software renderer, with few slots; the figures mean nothing
  --python PATH    the Python with PyTorch (python3)
  --price DOLLARS  price of the card per hour (3)
`;
const { values } = readCommandLine(HELP, {
  software: { type: 'boolean', default: false },
  python: { type: 'string', default: 'python3' },
  price: { type: 'string', default: '3' },
});
const isTrial = values.software;
const SLOTS = isTrial ? [1, 16] : [1, 8, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192];
const STEPS = isTrial ? 2 : 16;
const MEASURE_MS = isTrial ? 1 : 1_500;
const WARM_UP_DECODES = isTrial ? 1 : 3;
const WEBGPU_SCALE = isTrial ? 1 / 4_096 : 1;

type Measured = { readonly point: Point; readonly period: Period };

async function measure(engine: Engine, slots: number): Promise<Measured> {
  let position = 0;
  const decode = async () => {
    const rows = Array.from({ length: slots }, (_, slot): Row => {
      const uniforms = Array.from({ length: STEPS }, (_, step) => uniformAt(slot, position + step, 0));
      return { slot, feed: [20], temperature: 0.4, uniforms };
    });
    position += STEPS;
    const started = performance.now();
    await engine.decode(rows, STEPS);
    return performance.now() - started;
  };
  for (let i = 0; i < WARM_UP_DECODES; i++) await decode();
  const times: number[] = [];
  const from = Date.now();
  const started = performance.now();
  while (times.length === 0 || performance.now() - started < MEASURE_MS) times.push(await decode());
  const seconds = (performance.now() - started) / 1_000;
  await engine.close();
  const slowestMs = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  const rate = (times.length * slots * STEPS) / seconds;
  return { point: { slots, rate, decodeMs: median(times), slowestMs }, period: { from, to: Date.now() } };
}

const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
const weights = weightsOf(planOf(model));
const monitor = new CardMonitor();

function print(title: string, measured: readonly Measured[], scale: Scale): void {
  const points = measured.map(({ point, period }) => ({ point, use: monitor.during(period) }));
  console.log(`\n## ${title}\n\n${pointsTable(points, weights, scale, 100 * Number(values.price))}`);
}

async function measureAll(
  title: string,
  scale: Scale,
  create: (capacity: number) => Promise<Engine>,
): Promise<void> {
  const measured: Measured[] = [];
  try {
    for (const slots of SLOTS) measured.push(await measure(await create(slots), slots));
  } catch (error) {
    console.log(`\n${title} ended: ${(error as Error).message}`);
  }
  print(title, measured, scale);
}

/** Runs what needs a device that may be missing. */
async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    console.log(`\nnot measured: ${what} (${(error as Error).message})`);
    return undefined;
  }
}

async function measureWebgpu(): Promise<Limits> {
  const adapter = acceptedAdapter(await requestDawnAdapter(), isTrial);
  const opened = await requestWebgpuDevice(adapter);
  const programs = await Programs.compile(opened.device, navigator.gpu.wgslLanguageFeatures);
  const exactness = (await isExact(opened.device, programs)) ? 'the bits of' : 'other bits than';
  console.log(`\nWebGPU on ${adapterTitle(adapter.info)}, which computes ${exactness} the engine integer`);
  const limits = await measureLimits(opened.device, WEBGPU_SCALE);
  console.log(
    `limits through WebGPU: ${limits.byteOperations.toFixed(3)} TOP/s of bytes, ${limits.floatOperations.toFixed(3)} TFLOP/s, ${figure(limits.copy)} GB/s of copies`,
  );
  const inBytes = { operations: limits.byteOperations, weightBytes: 1, memory: limits.copy };
  await measureAll('webgpu: 8-bit weights, exact sums', inBytes, (capacity) =>
    createWebgpuEngine(model, opened, programs, { capacity, name: 'integer' }),
  );
  const backend = await createWebgpuBackend(opened);
  const inFloats = { operations: limits.floatOperations, weightBytes: 4, memory: limits.copy };
  await measureAll('webgpu: float32, by TensorFlow.js', inFloats, (capacity) =>
    createTensorflowEngine(model, backend, { capacity }),
  );
  await backend.close();
  return limits;
}

/** A line of gpu_pytorch.py. */
type PyTorchLine =
  | { readonly device: string }
  | { readonly limits: { readonly float32: number; readonly bfloat16: number; readonly copy: number } }
  | { readonly series: string; readonly error: string }
  | { readonly series: string; readonly point: Point; readonly period: Period };

/** Runs PyTorch in a process of its own; its clock is this machine's. */
async function measurePyTorch(): Promise<void> {
  const script = fileURLToPath(new URL('peers/gpu_pytorch.py', import.meta.url));
  const options = isTrial ? ['--device', 'cpu', '--seconds', '0.01'] : [];
  const { stdout } = await promisify(execFile)(values.python, [
    script,
    ...options,
    ...SLOTS.map(String),
  ]).catch((error: { readonly stderr?: string; readonly message: string }) => {
    throw new Error((error.stderr || error.message).trim().split('\n').at(-1));
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): PyTorchLine => JSON.parse(line));
  const series = new Map<string, Measured[]>();
  const limits = { float32: Number.NaN, bfloat16: Number.NaN, copy: Number.NaN };
  for (const line of lines) {
    if ('device' in line) console.log(`\nPyTorch on ${line.device}`);
    else if ('limits' in line) Object.assign(limits, line.limits);
    else if ('error' in line) console.log(`\nnot measured: PyTorch ${line.series} (${line.error})`);
    else series.set(line.series, [...(series.get(line.series) ?? []), line]);
  }
  const { float32, bfloat16, copy } = limits;
  console.log(
    `large products in PyTorch: ${float32.toFixed(2)} TFLOP/s in float32, ${bfloat16.toFixed(2)} in bfloat16; copies: ${figure(copy)} GB/s`,
  );
  for (const [name, measured] of series) {
    const isHalf = name.startsWith('bfloat16');
    const scale = { operations: isHalf ? bfloat16 : float32, weightBytes: isHalf ? 2 : 4, memory: copy };
    print(`PyTorch: ${name}`, measured, scale);
  }
}

console.log(`${machine()}\n${cardLine() ?? 'no nvidia-smi: power and memory are not measured'}`);
console.log(
  `A decode is ${STEPS} characters, a story ${STORY_CHARACTERS}; the card costs $${values.price} an hour.`,
);
const limits = await attempt('webgpu', measureWebgpu);
await attempt('cuda', async () => {
  const backend = await createCudaBackend(isTrial ? { device: 'cpu' } : {});
  const operations = limits?.floatOperations ?? Number.NaN;
  const scale = { operations, weightBytes: 4, memory: limits?.copy ?? Number.NaN };
  await measureAll(`${backend.engineName}: float32, by TensorFlow`, scale, (capacity) =>
    createTensorflowEngine(model, backend, { capacity }),
  );
});
await attempt('PyTorch', measurePyTorch);
monitor.stop();
process.exit(0);
