/**
 * What the ancestor found, measured again: words against characters, LSTM against GRU against both ways, optimizers
 * and the switch, and temperature. Writes models/EXPERIMENTS.md and its plots.
 *
 *   npm run experiments -- DATA                     # train.txt and valid.txt; within an hour on two cores
 *   npm run experiments -- DATA --characters 200000 # each network learns from so many characters only
 *
 * Every network has one layer of 128 units and reads the same text in the same order, so that what differs is what
 * is compared. They are far from what such networks can do with days on a GPU.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { machine, table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { createWasmBackend } from '../../src/generator/engines/tensorflow/wasm.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { sampleFromLogits, uniformAt } from '../../src/generator/sampling.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import type { CellState } from '../../src/generator/training/cells.ts';
import { readCorpus } from '../../src/generator/training/corpus.ts';
import { type Lesson, TrainableNetwork } from '../../src/generator/training/network.ts';
import { descend, type OptimizerName } from '../../src/generator/training/optimizers.ts';
import type { Weights } from '../../src/generator/training/stages.ts';
import { Streams } from '../../src/generator/training/streams.ts';
import { plot, type Series } from '../../src/plot.ts';
import { type BothWays, drawBothWays, readBothWays } from './bidirectional.ts';
import { END_OF_SENTENCE, readWords, UNKNOWN } from './words.ts';

const UNITS = 128;
const EMBEDDING = 32;
const STREAMS = 16;
const STEPS = 50;
const ROWS = STREAMS * STEPS;
const CHARACTERS = 2_000_000;
const WORDS = 4_000;
const VALID_CHARACTERS = 50_000;
const PLOTTED_POINTS = 30;
const SAMPLE_SEED = 7;
const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2] as const;
const PROMPT = 'The captain ';
const OUT = 'models/experiments';

/** A stretch of a run: until this share of its characters. */
interface Leg {
  readonly until: number;
  readonly optimizer: OptimizerName;
  readonly rate: number;
}

interface Result {
  readonly name: string;
  readonly weights: Weights;
  /** Bits over the last tenth of the run, and the share that was right. */
  readonly train: { readonly bits: number; readonly accuracy: number };
  readonly curve: readonly (readonly [number, number])[];
  readonly seconds: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { characters: { type: 'string', default: String(CHARACTERS) } },
});
const [data] = positionals;
const characters = Number(values.characters);
if (!data || !(characters >= 10 * ROWS)) {
  throw new Error(`Give the folder of train.txt and valid.txt, and ${10 * ROWS} characters or more.`);
}
const started = performance.now();
await createWasmBackend();
await mkdir(OUT, { recursive: true });
const corpus = await readCorpus(data);
const { vocabulary } = corpus;
const adam = [{ until: 1, optimizer: 'adam', rate: 0.004 }] as const;

/** Learns from the beginning of a text with any network that tells loss and gradients of a lesson. */
async function learn(
  name: string,
  ids: Uint16Array,
  total: number,
  weightsAtFirst: Weights,
  legs: readonly Leg[],
  pass: (weights: Weights, lesson: Lesson) => { loss: tf.Scalar; right: tf.Scalar; gradients: Weights },
  endOfText: number,
): Promise<Result> {
  const begun = performance.now();
  const reader = new Streams(ids, { streams: STREAMS, steps: STEPS, endOfText, seed: 1 });
  const chunks = Math.floor(total / ROWS);
  let weights = weightsAtFirst;
  let slots: Weights = new Map();
  let [leg, taken] = [0, 0];
  const curve: [number, number][] = [];
  let [bits, right, counted] = [0, 0, 0];
  let last = { bits: 0, accuracy: 0 };
  const window = Math.max(1, Math.floor(chunks / PLOTTED_POINTS));
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (chunk / chunks >= legs[leg]!.until) {
      leg++;
      taken = 0;
      tf.dispose([...slots.values()]);
      slots = new Map();
    }
    taken++;
    const { optimizer, rate } = legs[leg]!;
    const [nextWeights, nextSlots] = [new Map<string, tf.Tensor>(), new Map<string, tf.Tensor>()];
    const figures = tf.tidy(() => {
      const lesson = reader.lesson(chunk % reader.chunks, Math.floor(chunk / reader.chunks));
      const passed = pass(weights, lesson);
      const next = descend(
        weights,
        passed.gradients,
        slots,
        { name: optimizer, learningRate: rate },
        1,
        taken,
      );
      for (const [key, tensor] of next.weights) nextWeights.set(key, tf.keep(tensor));
      for (const [key, tensor] of next.slots) nextSlots.set(key, tf.keep(tensor));
      return [passed.loss, passed.right];
    });
    bits += figures[0]!.dataSync()[0]! / Math.LN2;
    right += figures[1]!.dataSync()[0]!;
    counted++;
    tf.dispose([figures, ...weights.values(), ...slots.values()]);
    [weights, slots] = [nextWeights, nextSlots];
    if (counted === window) {
      last = { bits: bits / counted, accuracy: right / (counted * ROWS) };
      curve.push([((chunk + 1) * ROWS) / 1_000, last.bits]);
      [bits, right, counted] = [0, 0, 0];
    }
  }
  tf.dispose([...slots.values()]);
  const seconds = (performance.now() - begun) / 1_000;
  console.error(`${name}: ${last.bits.toFixed(3)} bits, ${percent(last.accuracy)}, ${Math.round(seconds)} s`);
  return { name, weights, train: last, curve, seconds };
}

/** A network that reads from the left, its states carried on from chunk to chunk. */
async function fromTheLeft(
  name: string,
  cell: 'lstm' | 'gru',
  legs: readonly Leg[],
  text: { ids: Uint16Array; size: number; total: number; endOfText: number } = {
    ids: corpus.train,
    size: vocabulary.size,
    total: characters,
    endOfText: vocabulary.endOfText,
  },
): Promise<Result & { readonly network: TrainableNetwork }> {
  const network = new TrainableNetwork({ cell, units: [UNITS], embedding: EMBEDDING, dropout: 0 }, text.size);
  let states: readonly CellState[] = network.freshStates(STREAMS);
  const pass = (weights: Weights, lesson: Lesson) => {
    const passed = network.learn(weights, lesson, states, 0);
    const before = states;
    states = passed.states.map((state) => state.map((tensor) => tf.keep(tensor)));
    tf.dispose(before.flat());
    return passed;
  };
  const result = await learn(name, text.ids, text.total, network.draw(1), legs, pass, text.endOfText);
  tf.dispose(states.flat());
  return { ...result, network };
}

function scoreOf(
  network: TrainableNetwork,
  weights: Weights,
  ids: Uint16Array,
  endOfText: number,
): { bits: number; accuracy: number } {
  const reader = new Streams(ids, { streams: 8, steps: STEPS, endOfText, seed: undefined });
  let states: readonly CellState[] = network.freshStates(8);
  let [bits, right] = [0, 0];
  for (let chunk = 0; chunk < reader.chunks; chunk++) {
    const [loss, count] = tf.tidy(() => {
      const passed = network.read(weights, reader.lesson(chunk, 0), states);
      const before = states;
      states = passed.states.map((state) => state.map((tensor) => tf.keep(tensor)));
      tf.dispose(before.flat());
      return [passed.loss, passed.right];
    });
    bits += loss!.dataSync()[0]! / Math.LN2;
    right += count!.dataSync()[0]!;
    tf.dispose([loss!, count!]);
  }
  tf.dispose(states.flat());
  return { bits: bits / reader.chunks, accuracy: right / (reader.chunks * 8 * STEPS) };
}

/** Writes on with one LSTM layer, in plain float64. */
function writeOn(
  weights: Weights,
  feed: readonly number[],
  count: number,
  temperature: number,
  never: number,
) {
  const get = (name: string) => weights.get(name)!.dataSync();
  const [table, kernel, recurrent] = [
    get('embedding/embeddings'),
    get('lstm_0/kernel'),
    get('lstm_0/recurrent_kernel'),
  ];
  const [bias, dense, denseBias] = [get('lstm_0/bias'), get('dense/kernel'), get('dense/bias')];
  const size = denseBias.length;
  const hidden = new Float64Array(UNITS);
  const cell = new Float64Array(UNITS);
  const logits = new Float32Array(size);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const read = (id: number) => {
    const z = Float64Array.from(bias);
    for (let gate = 0; gate < 4 * UNITS; gate++) {
      for (let i = 0; i < EMBEDDING; i++)
        z[gate]! += table[id * EMBEDDING + i]! * kernel[i * 4 * UNITS + gate]!;
      for (let i = 0; i < UNITS; i++) z[gate]! += hidden[i]! * recurrent[i * 4 * UNITS + gate]!;
    }
    for (let i = 0; i < UNITS; i++) {
      cell[i] = sigmoid(z[UNITS + i]!) * cell[i]! + sigmoid(z[i]!) * Math.tanh(z[2 * UNITS + i]!);
      hidden[i] = sigmoid(z[3 * UNITS + i]!) * Math.tanh(cell[i]!);
    }
    for (let id = 0; id < size; id++) {
      let logit = denseBias[id]!;
      for (let i = 0; i < UNITS; i++) logit += hidden[i]! * dense[i * size + id]!;
      logits[id] = id === never ? Number.NEGATIVE_INFINITY : logit;
    }
  };
  const written: number[] = [];
  for (const id of feed) read(id);
  for (let i = 0; i < count; i++) {
    const id = sampleFromLogits(logits, 0, size, temperature, uniformAt(SAMPLE_SEED, i, 0));
    written.push(id);
    read(id);
  }
  return written;
}

/** Accuracy at a window's last place, where nothing of the answer can be seen; and what it writes that way. */
function withoutTheFuture(model: BothWays): { accuracy: number; sample: string } {
  const streams = 400;
  const lesson: Lesson = {
    ...{ steps: STEPS, streams, fresh: new Uint8Array(STEPS * streams) },
    inputs: new Int32Array(STEPS * streams),
    targets: new Int32Array(STEPS * streams),
  };
  const stride = Math.floor((VALID_CHARACTERS - STEPS) / streams);
  for (let s = 0; s < streams; s++) {
    for (let t = 0; t < STEPS; t++) {
      lesson.inputs[t * streams + s] = corpus.valid[s * stride + t]!;
      lesson.targets[t * streams + s] = corpus.valid[s * stride + t + 1]!;
    }
  }
  const best = tf.tidy(() => tf.argMax(readBothWays(model, lesson).logits, 1).dataSync());
  let right = 0;
  for (let s = 0; s < streams; s++) {
    const row = (STEPS - 1) * streams + s;
    if (best[row] === lesson.targets[row]) right++;
  }
  const ids = [...corpus.valid.subarray(1, STEPS + 1)];
  let sample = '';
  for (let i = 0; i < 120; i++) {
    const inputs = Int32Array.from(ids.slice(-STEPS));
    const one: Lesson = { steps: STEPS, streams: 1, inputs, targets: inputs, fresh: new Uint8Array(STEPS) };
    const guesses = tf.tidy(() => tf.argMax(readBothWays(model, one).logits, 1).dataSync());
    ids.push(guesses[STEPS - 1]!);
    sample += vocabulary.decode(guesses[STEPS - 1]!);
  }
  return { accuracy: right / streams, sample };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function quoted(text: string): string {
  return `> ${text.trim().replace(/\s*\n\s*/g, ' / ')}`;
}

async function draw(file: string, title: string, yLabel: string, results: readonly Result[]): Promise<void> {
  const series: Series[] = results.map(({ name, curve }) => ({ name, points: curve }));
  const svg = plot({ title, xLabel: 'thousand characters', yLabel, series, scale: 'linear' });
  await writeFile(join(OUT, file), svg);
}

const valid = corpus.valid.subarray(0, VALID_CHARACTERS);
const scored = (result: Result & { network: TrainableNetwork }) =>
  scoreOf(result.network, result.weights, valid, vocabulary.endOfText);
const row = (result: Result, score: { bits: number; accuracy: number }) => [
  result.name,
  result.train.bits.toFixed(3),
  percent(result.train.accuracy),
  score.bits.toFixed(3),
  percent(score.accuracy),
  `${Math.round(result.seconds)} s`,
];
const HEADER = ['network', 'training, bits', 'right', 'validation, bits', 'right', 'took'];

// Cells.
const lstm = await fromTheLeft('LSTM', 'lstm', adam);
const gru = await fromTheLeft('GRU', 'gru', adam);
const bothWays = drawBothWays(UNITS, EMBEDDING, vocabulary.size);
const both = await learn(
  'both ways',
  corpus.train,
  characters,
  bothWays.weights,
  adam,
  (weights, lesson) => {
    const { loss, right, gradients } = readBothWays({ ...bothWays, weights }, lesson);
    return { loss, right, gradients: gradients() };
  },
  vocabulary.endOfText,
);
const blind = withoutTheFuture({ ...bothWays, weights: both.weights });
await draw('cells.svg', 'Cells', 'bits per character, training', [lstm, gru, both]);

// Words.
const texts = await Promise.all(['train.txt', 'valid.txt'].map((file) => readFile(join(data, file), 'utf8')));
const words = readWords(texts[0]!, texts[1]!.slice(0, 4 * VALID_CHARACTERS), WORDS);
const byWord = await fromTheLeft('words', 'lstm', adam, {
  ids: words.train,
  size: WORDS,
  total: Math.floor(characters / words.charactersPerWord),
  endOfText: WORDS,
});
const wordScore = scoreOf(byWord.network, byWord.weights, words.valid, WORDS);
const wordSample = writeOn(byWord.weights, [END_OF_SENTENCE], 40, 0.6, UNKNOWN).map((id) => words.names[id]);
const characterSample = writeOn(
  lstm.weights,
  [vocabulary.endOfText, ...vocabulary.encode(PROMPT).ids],
  200,
  0.6,
  vocabulary.endOfText,
).map((id) => vocabulary.decode(id));

// Optimizers.
const optimizers = [
  { ...lstm, name: 'Adam 0.004' },
  await fromTheLeft('RMSprop 0.002', 'lstm', [{ until: 1, optimizer: 'rmsprop', rate: 0.002 }]),
  await fromTheLeft('SGD 0.5, momentum 0.9', 'lstm', [{ until: 1, optimizer: 'sgd', rate: 0.5 }]),
  await fromTheLeft('Adadelta 1', 'lstm', [{ until: 1, optimizer: 'adadelta', rate: 1 }]),
  await fromTheLeft('Adadelta 1, then SGD 0.1', 'lstm', [
    { until: 2 / 3, optimizer: 'adadelta', rate: 1 },
    { until: 1, optimizer: 'sgd', rate: 0.1 },
  ]),
];
await draw('optimizers.svg', 'Optimizers', 'bits per character, training', optimizers);

// Temperature, with the model that the bot offers.
const model = await loadModel('models/scifi');
const engine = await createOnnxEngine(model, { capacity: 4, threads: 2 });
const storyteller = new Storyteller(model, engine, { maxWaiting: 64 });
const known = new Set((texts[0]!.toLowerCase().match(/[a-z]+/g) ?? []).filter((word) => word.length > 1));
const temperatures: string[][] = [];
const temperatureSamples: string[] = [];
for (const temperature of TEMPERATURES) {
  const stories = await Promise.all(
    [1, 2, 3, 4].map((seed) =>
      storyteller.tell({ prompt: PROMPT, context: '', model: 'scifi', temperature, length: 1_200, seed }),
    ),
  );
  const all = stories.map(({ text }) => text.toLowerCase().match(/[a-z]+/g) ?? []);
  const longer = all.flat().filter((word) => word.length > 1);
  const fours = all.flatMap((list) => list.slice(3).map((_, i) => list.slice(i, i + 4).join(' ')));
  temperatures.push([
    temperature.toFixed(1),
    percent(longer.filter((word) => known.has(word)).length / longer.length),
    percent(1 - new Set(fours).size / fours.length),
  ]);
  temperatureSamples.push(`**${temperature.toFixed(1)}**\n\n${quoted(stories[0]!.text.slice(0, 320))}`);
}
await storyteller.close();

const minutes = (performance.now() - started) / 60_000;
const optimizerScores = optimizers.map((result) => row(result, scored(result)));
await writeFile(
  'models/EXPERIMENTS.md',
  `# What the ancestor found, measured again

\`npm run experiments -- DATA --characters ${characters}\`, ${minutes.toFixed(0)} minutes on ${machine()}, written by that
command. Every network has one layer of ${UNITS} units and an embedding of ${EMBEDDING}, and learned from the first
${characters.toLocaleString('en')} characters that ${STREAMS} streams of Melville hold, ${STEPS} steps at a time; by default the command takes
${CHARACTERS.toLocaleString('en')}. They are beginners all: read the differences, not the figures.

## LSTM, GRU, and both ways

${table(HEADER, [row(lstm, scored(lstm)), row(gru, scored(gru)), [...row(both, { bits: Number.NaN, accuracy: blind.accuracy }).map((cell, i) => (i === 3 ? '-' : cell))]])}

![bits per character while learning](experiments/cells.svg)

The network that reads both ways seems to learn nearly everything: ${percent(both.train.accuracy)} right in training, beside ${percent(lstm.train.accuracy)}. It is the
ancestor's trap. At every place it is asked for the next character, and the half of it that comes from the right has
just read that character: it copies. At the last place of a window there is nothing to the right, and that is the only
place where a writer ever stands: there it gets ${percent(blind.accuracy)} right. Left to write, it gives

${quoted(blind.sample)}

A bidirectional layer is for texts that are there already. To write, a network may only look back.

## Words and characters

The word model knows ${WORDS.toLocaleString('en')} words and signs, \`<eos>\` after each sentence and \`<unk>\`. It read the same text.

${table(
  ['unit', 'bits per unit', 'right', 'bits per character', 'what it cannot write'],
  [
    [
      'characters',
      scored(lstm).bits.toFixed(3),
      percent(scored(lstm).accuracy),
      scored(lstm).bits.toFixed(3),
      'nothing',
    ],
    [
      'words',
      wordScore.bits.toFixed(3),
      percent(wordScore.accuracy),
      `${(wordScore.bits / words.charactersPerWord).toFixed(3)} and the unknown words`,
      `${percent(words.unknown)} of the words`,
    ],
  ],
)}

Its bits per character flatter it, for it pays for \`<unk>\` but never for spelling the word behind it, and spaces and line
ends are given to it. At temperature 0.6 it writes

${quoted(wordSample.join(' '))}

and the characters' LSTM

${quoted(PROMPT + characterSample.join(''))}

## Optimizers, and the switch

The same LSTM; the ancestor began with Adadelta and went on with SGD.

${table(HEADER, optimizerScores)}

![bits per character while learning](experiments/optimizers.svg)

## Temperature

Four stories of 1,200 characters by \`models/scifi\` at each. A word counts as known if it is anywhere in the training text
used above, so rarer words of science fiction are counted as unknown at every temperature.

${table(['temperature', 'known words', 'four words in a row that were there before'], temperatures)}

${temperatureSamples.join('\n\n')}
`,
);
