/**
 * Measures one engine in a separate process, so that its memory is measured alone: characters per second of
 * stories through the storyteller and of the bare engine, by number of concurrent stories. Prints JSON.
 *
 *   node --import tsx bench/engines.ts integer|onnx|wasm|webgpu|cuda|plain|predecessor|predecessor-wasm
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineName } from '../src/generator/engines/choose.ts';
import type { Engine, Row } from '../src/generator/engines/engine.ts';
import { ENGINE_OPENERS } from '../src/generator/engines/openers.ts';
import { createWasmBackend } from '../src/generator/engines/tensorflow/wasm.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { Storyteller } from '../src/generator/storyteller.ts';
import { CROWDS, ratePerSecond, request } from './measure.ts';
import { plainTensorflow } from './peers/plain-tensorflow.ts';
import { predecessorMethod } from './peers/predecessor.ts';

/** The output of this process. */
export interface EngineFigures {
  readonly device: string;
  /** Characters per second, by `CROWDS`; the peers write one story after another, at one rate. */
  readonly stories: readonly number[];
  readonly bare: readonly number[];
  /** Resident bytes at the end. */
  readonly resident: number;
}

/**
 * The peers. TensorFlow.js had no WASM when the predecessor was written, so the predecessor is measured with and
 * without it.
 */
const PEERS: readonly string[] = ['plain', 'predecessor', 'predecessor-wasm'];
const MEASURE_MS = 2_500;
/** Minimum characters of the slowest story of a crowd. */
const LEAST_LENGTH = 300;
const MOST_LENGTH = 6_000;

/** Characters per second of the engine alone, with every row drawing in every step. */
export async function bareLoop(engine: Engine, size: number, milliseconds = MEASURE_MS): Promise<number> {
  const steps = engine.stepsPerDecode;
  let ids = new Int32Array(size).fill(20);
  let position = 0;
  for (let slot = 0; slot < size; slot++) engine.clear(slot);
  const decodes = await ratePerSecond(milliseconds, async () => {
    const rows = Array.from({ length: size }, (_, slot): Row => {
      const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, position + step, 0));
      return { slot, feed: [ids[slot]!], temperature: 0.4, uniforms };
    });
    const drawn = await engine.decode(rows, steps);
    ids = Int32Array.from(ids, (_, slot) => drawn[slot * steps + steps - 1]!);
    position += steps;
  });
  return decodes * size * steps;
}

async function storiesAtOnce(storyteller: Storyteller, size: number, bare: number): Promise<number> {
  const wanted = (bare * MEASURE_MS) / 1_000 / size;
  const length = Math.round(Math.min(MOST_LENGTH, Math.max(LEAST_LENGTH, wanted)));
  const started = performance.now();
  const stories = await Promise.all(
    Array.from({ length: size }, (_, seed) => storyteller.tell(request(seed, length))),
  );
  const characters = stories.reduce((sum, { text }) => sum + text.length, 0);
  return characters / ((performance.now() - started) / 1_000);
}

async function figures(name: string): Promise<EngineFigures> {
  const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
  if (PEERS.includes(name)) {
    if (name === 'predecessor') await tf.setBackend('cpu');
    else await createWasmBackend();
    const write = name === 'plain' ? plainTensorflow(model) : predecessorMethod();
    const rate = await ratePerSecond(MEASURE_MS * 2, write);
    const rates = CROWDS.map(() => rate);
    return { device: tf.getBackend(), stories: rates, bare: rates, resident: process.memoryUsage.rss() };
  }
  const chosen = await ENGINE_OPENERS[name as EngineName]({ acceptSoftware: false });
  const options = { capacity: Math.max(...CROWDS), threads: cpus().length };
  const engine = await chosen.create(model, options);
  const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
  const bare: number[] = [];
  const stories: number[] = [];
  for (const size of CROWDS) {
    bare.push(await bareLoop(engine, size));
    stories.push(await storiesAtOnce(storyteller, size, bare.at(-1)!));
  }
  const resident = process.memoryUsage.rss();
  await engine.close();
  await chosen.close();
  return { device: chosen.device, stories, bare, resident };
}

const [, script, name] = process.argv;
if (script === fileURLToPath(import.meta.url) && name) {
  try {
    console.log(JSON.stringify(await figures(name)));
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
