/**
 * Measures one engine in a separate process, so that its memory is measured alone: characters per second of
 * stories through the storyteller and of the bare engine. Reads numbers of concurrent stories, one a line, and
 * answers each with a line of JSON: `Figures`. Its first line is a `Ready`.
 *
 *   echo 64 | node --import tsx bench/engines.ts integer|lively|probabilities|onnx|wasm|webgpu|cuda|plain|predecessor|predecessor-wasm
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
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
import { availableProcessors } from '../src/processors.ts';
import type { Preset, StoryRequest } from '../src/story/story.ts';
import { CROWDS, LONG_PROMPT, median, ratePerSecond, request } from './measure.ts';
import { plainTensorflow } from './peers/plain-tensorflow.ts';
import { predecessorMethod } from './peers/predecessor.ts';

/** The first line of this process. */
export interface Ready {
  readonly device: string;
}

/** The answer to a number of stories. The peers write one story after another, at one rate. */
export interface Figures {
  /** Characters per second through the storyteller, and of the bare engine. */
  readonly stories: number;
  readonly bare: number;
  /** Resident bytes. */
  readonly resident: number;
  /** The event loop's delay while stories are written, in milliseconds: the 99th percentile. */
  readonly loopDelay?: number;
  /** Milliseconds from the request of a story on an idle engine to its first word: the longest of ten. */
  readonly firstText?: number;
}

type Measure = (stories: number) => Promise<Figures>;

/**
 * The peers. TensorFlow.js had no WASM when the predecessor was written, so the predecessor is measured with and
 * without it.
 */
const PEERS: readonly string[] = ['plain', 'predecessor', 'predecessor-wasm'];
/** `integer` with the preset that users get by default, whose rules resample words. */
const LIVELY = 'lively';
/** The same with and without the probabilities of each character. */
const PROBABILITIES = 'probabilities';
const PROBABILITY_PAIRS = 15;
const MODEL = fileURLToPath(new URL('../models/scifi', import.meta.url));
const BARE_MS = 600;
const STORIES_MS = 1_500;
/** Lengths of the stories that are measured. */
const [LEAST_LENGTH, MOST_LENGTH] = [120, 6_000];
const WARM_UP = { stories: 8, length: 600 };
const FIRST_TEXT_TRIALS = 10;

/** Characters per second of the engine alone, with every row drawing in every step. */
export async function bareLoop(engine: Engine, size: number, milliseconds = BARE_MS): Promise<number> {
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

async function storiesAtOnce(storyteller: Storyteller, size: number, wanted: StoryRequest): Promise<number> {
  const started = performance.now();
  const stories = await Promise.all(
    Array.from({ length: size }, (_, seed) => storyteller.tell({ ...wanted, seed })),
  );
  const characters = stories.reduce((sum, { text }) => sum + text.length, 0);
  return characters / ((performance.now() - started) / 1_000);
}

/** Milliseconds from the request of a story on an idle engine to its first word. */
async function firstTextMs(storyteller: Storyteller, wanted: StoryRequest): Promise<number> {
  const stop = new AbortController();
  const started = performance.now();
  let ended = Number.NaN;
  const onWord = () => {
    if (Number.isNaN(ended)) ended = performance.now();
    stop.abort();
  };
  await storyteller.tell({ ...wanted, prompt: LONG_PROMPT, length: 1_000 }, { onWord, signal: stop.signal });
  return ended - started;
}

/** Prepares an engine, and measures it by numbers of stories. */
async function measureEngine(
  name: EngineName,
  preset: Preset,
  asksProbabilities = false,
): Promise<[Ready, Measure]> {
  const model = await loadModel(MODEL);
  const chosen = await ENGINE_OPENERS[name]({ acceptSoftware: false });
  const engine = await chosen.create(model, {
    capacity: Math.max(...CROWDS),
    threads: availableProcessors(),
  });
  const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
  const wanted = (length: number): StoryRequest => ({ ...request(1, length), preset });
  await storiesAtOnce(storyteller, WARM_UP.stories, wanted(WARM_UP.length));
  if (asksProbabilities) return [{ device: chosen.device }, measureProbabilities(storyteller, wanted)];
  const measure: Measure = async (size) => {
    const bare = await bareLoop(engine, size);
    const length = Math.round((bare * STORIES_MS) / 1_000 / size);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const stories = await storiesAtOnce(
      storyteller,
      size,
      wanted(Math.min(MOST_LENGTH, Math.max(LEAST_LENGTH, length))),
    );
    delay.disable();
    const loopDelay = delay.percentile(99) / 1e6;
    let firstText = 0;
    for (let trial = 0; trial < FIRST_TEXT_TRIALS; trial++) {
      firstText = Math.max(firstText, await firstTextMs(storyteller, wanted(1_000)));
    }
    return { stories, bare, loopDelay, firstText, resident: process.memoryUsage.rss() };
  };
  return [{ device: chosen.device }, measure];
}

/**
 * Characters per second of stories that ask for their probabilities (`stories`) and of the same stories without
 * (`bare`): the medians of runs that alternate, since a machine's speed drifts.
 */
function measureProbabilities(storyteller: Storyteller, wanted: (length: number) => StoryRequest): Measure {
  return async (size) => {
    const rates: Record<'with' | 'without', number[]> = { with: [], without: [] };
    const request = wanted(Math.min(MOST_LENGTH, Math.max(400, Math.round(60_000 / size))));
    for (let pair = 0; pair < PROBABILITY_PAIRS; pair++) {
      rates.without.push(await storiesAtOnce(storyteller, size, request));
      rates.with.push(await storiesAtOnce(storyteller, size, { ...request, probabilities: true }));
    }
    const resident = process.memoryUsage.rss();
    return { stories: median(rates.with), bare: median(rates.without), resident };
  };
}

async function measurePeer(name: string): Promise<[Ready, Measure]> {
  if (name === 'predecessor') await tf.setBackend('cpu');
  else await createWasmBackend();
  const write = name === 'plain' ? plainTensorflow(await loadModel(MODEL)) : predecessorMethod();
  const measure: Measure = async () => {
    const rate = await ratePerSecond(STORIES_MS, write);
    return { stories: rate, bare: rate, resident: process.memoryUsage.rss() };
  };
  return [{ device: tf.getBackend() }, measure];
}

const [, script, name] = process.argv;
if (script === fileURLToPath(import.meta.url) && name) {
  try {
    const [engine, preset] =
      name === LIVELY || name === PROBABILITIES
        ? (['integer', 'lively'] as const)
        : ([name, 'classic'] as const);
    const [ready, measure] = PEERS.includes(name)
      ? await measurePeer(name)
      : await measureEngine(engine as EngineName, preset, name === PROBABILITIES);
    console.log(JSON.stringify(ready));
    for await (const line of createInterface(process.stdin)) {
      console.log(JSON.stringify(await measure(Number(line))));
    }
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
