/**
 * Measures a GPU in one command: its name, characters per second and latency of a decode by slots and by
 * characters per decode, memory, and the comparison with PyTorch and with the card's peak.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { readCommandLine } from '../scripts/command-line.ts';
import type { Row } from '../src/generator/engines/engine.ts';
import {
  adapterTitle,
  isSoftware,
  type TensorflowBackend,
} from '../src/generator/engines/tensorflow/backend.ts';
import { createCudaBackend } from '../src/generator/engines/tensorflow/cuda.ts';
import { requestDawnAdapter } from '../src/generator/engines/tensorflow/dawn.ts';
import { createTensorflowEngine } from '../src/generator/engines/tensorflow/engine.ts';
import { createWebgpuBackend } from '../src/generator/engines/tensorflow/webgpu.ts';
import { loadModel } from '../src/generator/model/files.ts';
import type { Model } from '../src/generator/model/model.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { figure, machine, median, table } from './measure.ts';
import { plainLstmOf } from './peers/plain-lstm.ts';

const HELP = `
npm run bench:gpu -- [options]

Measures the GPU of this machine, through Vulkan and through CUDA; PyTorch, too, if python3 has it.

  --software  try this script on a software renderer, with a small model; the figures mean nothing
`;
const { values } = readCommandLine(HELP, { software: { type: 'boolean', default: false } });
const isTrial = values.software;
const SLOTS = isTrial ? [1, 16] : [1, 8, 32, 64, 128, 512, 1_024, 2_048, 4_096, 8_192];
const STEPS = isTrial ? [1, 2] : [1, 4, 16, 64];
const MEASURE_MS = isTrial ? 1 : 1_500;
const WARM_UP_DECODES = isTrial ? 1 : 3;

interface Point {
  readonly slots: number;
  readonly steps: number;
  readonly rate: number;
  /** Milliseconds of one decode, median. */
  readonly decodeMs: number;
  readonly bytes: number;
}

/** Multiplications and additions of matrix products for one character. */
function operationsPerCharacter(model: Model): number {
  const { lstms, dense } = plainLstmOf(model);
  const weights = lstms.map(({ kernel, recurrentKernel }, i) =>
    i === 0 ? recurrentKernel.length : kernel.length + recurrentKernel.length,
  );
  return 2 * (weights.reduce((sum, count) => sum + count, 0) + dense.kernel.length);
}

async function measure(
  model: Model,
  backend: TensorflowBackend,
  slots: number,
  steps: number,
): Promise<Point> {
  const engine = await createTensorflowEngine(
    model,
    { ...backend, stepsPerDecode: steps },
    { capacity: slots },
  );
  let position = 0;
  const decode = async () => {
    const rows = Array.from({ length: slots }, (_, slot): Row => {
      const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, position + step, 0));
      return { slot, feed: [20], temperature: 0.4, uniforms };
    });
    position += steps;
    const started = performance.now();
    await engine.decode(rows, steps);
    return performance.now() - started;
  };
  for (let i = 0; i < WARM_UP_DECODES; i++) await decode();
  const times: number[] = [];
  const started = performance.now();
  while (performance.now() - started < MEASURE_MS) times.push(await decode());
  const seconds = (performance.now() - started) / 1_000;
  const { numBytes } = tf.memory();
  await engine.close();
  return {
    slots,
    steps,
    rate: (times.length * slots * steps) / seconds,
    decodeMs: median(times),
    bytes: numBytes,
  };
}

async function measureBackend(model: Model, backend: TensorflowBackend): Promise<void> {
  const operations = operationsPerCharacter(model);
  const rows: string[][] = [];
  for (const slots of SLOTS) {
    for (const steps of STEPS) {
      const { rate, decodeMs, bytes } = await measure(model, backend, slots, steps);
      rows.push([
        String(slots),
        String(steps),
        figure(rate),
        decodeMs.toFixed(2),
        figure(decodeMs / steps),
        ((rate * operations) / 1e12).toFixed(3),
        // Every step reads all weights once, for any number of rows.
        figure(((rate / slots) * operations * 2) / 1e9),
        figure(bytes / 2 ** 20),
      ]);
    }
  }
  const header = [
    'slots',
    'characters a decode',
    'characters/s',
    'ms a decode',
    'ms a step',
    'TFLOP/s',
    'GB/s of weights',
    'MiB',
  ];
  console.log(`\n## ${backend.engineName}\n\n${table(header, rows)}`);
}

async function open(name: 'webgpu' | 'cuda'): Promise<{ device: string; backend: TensorflowBackend }> {
  if (name === 'cuda') return { device: 'the first device', backend: await createCudaBackend() };
  const adapter = await requestDawnAdapter();
  const device = adapterTitle(adapter.info);
  if (isSoftware(adapter.info) && !isTrial) throw new Error(`${device} is a software renderer, not a GPU`);
  return { device, backend: await createWebgpuBackend(adapter) };
}

console.log(machine());
const query = '--query-gpu=name,driver_version,memory.total,clocks.max.sm';
const { stdout } = spawnSync('nvidia-smi', [query, '--format=csv,noheader'], { encoding: 'utf8' });
if (stdout) console.log(stdout.trim());

const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
for (const name of ['webgpu', 'cuda'] as const) {
  try {
    const { device, backend } = await open(name);
    console.log(`\n${name} on ${device}`);
    await measureBackend(model, backend);
    await backend.close();
  } catch (error) {
    console.log(`\nnot measured: ${name} (${(error as Error).message})`);
  }
}
const script = fileURLToPath(new URL('peers/gpu_pytorch.py', import.meta.url));
const python = spawnSync('python3', [script, ...SLOTS.map(String)], { encoding: 'utf8' });
console.log(
  python.status === 0
    ? `\n## PyTorch\n\n${python.stdout}`
    : `\nnot measured: PyTorch (${(python.stderr ?? 'no python3').trim().split('\n').at(-1)})`,
);
process.exit(0);
