/**
 * Measures training: characters per second of a whole step (read, gradient, clipping, optimizer) against the
 * bare cost of its matrix products on the same backend, and memory against the number of streams.
 *
 * Whole steps and bare products alternate, so that other load on the machine slows both.
 */
import * as tf from '@tensorflow/tfjs-core';
import { readCommandLine } from '../scripts/command-line.ts';
import { readConfig } from '../src/config.ts';
import { openTrainingBackend } from '../src/workshop/training/backend.ts';
import { CELLS } from '../src/workshop/training/cells.ts';
import { type Architecture, TrainableNetwork } from '../src/workshop/training/network.ts';
import { disposeOf, type RunTensors, takeStep } from '../src/workshop/training/step.ts';
import { Streams } from '../src/workshop/training/streams.ts';
import { figure, machine, median, table } from './measure.ts';

const HELP = `
npm run bench:training -- [options]

Measures training on the backend that SCIFI_ENGINE selects; by default on the best one of this machine.

  --quick  one size and two rounds, to try this script
`;
const { values } = readCommandLine(HELP, { quick: { type: 'boolean', default: false } });
const isQuick = values.quick;
const VOCABULARY = 97;
const EMBEDDING = 64;
const STEPS = 64;
const ROUNDS = isQuick ? 2 : 5;

const lstm = (units: readonly number[]): Architecture => ({
  cell: 'lstm',
  units,
  embedding: EMBEDDING,
  dropout: 0,
});
const SIZES: readonly (readonly [Architecture, number])[] = isQuick
  ? [[lstm([64]), 8]]
  : [
      [lstm([128]), 32],
      [lstm([256]), 32],
      [lstm([512]), 32],
      [lstm([512, 512]), 32],
      [{ ...lstm([256]), cell: 'gru' }, 32],
    ];
const BATCHES = isQuick ? [8] : [8, 16, 32, 64, 128];

interface Point {
  readonly name: string;
  readonly streams: number;
  /** Characters per second. */
  readonly step: number;
  readonly bare: number;
  /** Multiplications and additions per second of the bare products, in 10^9. */
  readonly gigaflops: number;
  /** Peak bytes of tensors during a step, including weights and optimizer slots. */
  readonly bytes: number;
}

/** [rows, inner, columns] of a product, and how many times a step computes it. */
type Product = readonly [rows: number, inner: number, columns: number, times: number];

/**
 * The products that every step needs: each weight's forward product, its gradient, and the gradient of its
 * input; those of the recurrence one time step at a time. The embedding is a lookup and has none.
 */
function productsOf({ cell, units, embedding }: Architecture, streams: number): Product[] {
  const rows = STEPS * streams;
  let inputs = embedding;
  const products: Product[] = [];
  for (const size of units) {
    const gates = CELLS[cell].gates * size;
    products.push(
      [rows, inputs, gates, 1],
      [rows, gates, inputs, 1],
      [inputs, rows, gates, 1],
      [streams, size, gates, STEPS],
      [streams, gates, size, STEPS],
      [size, rows, gates, 1],
    );
    inputs = size;
  }
  products.push([rows, inputs, VOCABULARY, 1], [rows, VOCABULARY, inputs, 1], [inputs, rows, VOCABULARY, 1]);
  return products;
}

async function measure(architecture: Architecture, streams: number): Promise<Point> {
  const network = new TrainableNetwork(architecture, VOCABULARY);
  const ids = Uint16Array.from({ length: streams * STEPS * 4 + 1 }, (_, i) => 1 + ((i * 7_919) % 96));
  const reader = new Streams(ids, { streams, steps: STEPS, boundaryId: 0, seed: 1 });
  let tensors: RunTensors = {
    weights: network.draw(1),
    slots: new Map(),
    states: network.freshStates(streams),
  };
  let taken = 0;
  const step = async () => {
    taken++;
    const optimizer = { name: 'adam', learningRate: 0.001 } as const;
    const options = { optimizer, clip: 1, step: taken, dropoutSeed: 1 };
    const { next } = await takeStep(network, tensors, reader.batch(taken % reader.chunks, 0), options);
    disposeOf(tensors);
    tensors = next;
  };
  const products = productsOf(architecture, streams);
  const operands = products.map(
    ([rows, inner, columns]) =>
      [tf.randomUniform([rows, inner], -1, 1), tf.randomUniform([inner, columns], -1, 1)] as [
        tf.Tensor2D,
        tf.Tensor2D,
      ],
  );
  const bare = async () => {
    const last = tf.tidy(() => {
      let result: tf.Tensor | undefined;
      products.forEach(([, , , times], i) => {
        const [a, b] = operands[i]!;
        for (let time = 0; time < times; time++) {
          result?.dispose();
          result = tf.matMul(a, b);
        }
      });
      return result!;
    });
    await last.data();
    last.dispose();
  };
  await step();
  await bare();
  const peak = (await tf.profile(async () => step() as never)).peakBytes;
  const [stepMs, bareMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    stepMs.push(await millisecondsOf(step));
    bareMs.push(await millisecondsOf(bare));
  }
  tf.dispose(operands.flat());
  disposeOf(tensors);
  const characters = STEPS * streams;
  const operations = products.reduce((sum, [r, i, c, times]) => sum + 2 * r * i * c * times, 0);
  const operandBytes = operands.flat().reduce((sum, tensor) => sum + 4 * tensor.size, 0);
  return {
    name: `${architecture.cell.toUpperCase()} ${architecture.units.join(', ')}`,
    streams,
    step: (characters / median(stepMs)) * 1_000,
    bare: (characters / median(bareMs)) * 1_000,
    gigaflops: operations / median(bareMs) / 1e6,
    bytes: peak - operandBytes,
  };
}

async function millisecondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const { backend, line } = await openTrainingBackend(readConfig(process.env).engine);
console.log(`${machine()}; ${line}; ${STEPS} steps, float32, Adam, medians of ${ROUNDS}\n`);
const header = [
  'network',
  'streams',
  'characters/s',
  'bare products, characters/s',
  'share of the time in products',
  'GFLOP/s of the products',
  'tensors at most',
];
const row = ({ name, streams, step, bare, gigaflops, bytes }: Point) => [
  name,
  String(streams),
  figure(step),
  figure(bare),
  `${Math.round((step / bare) * 100)}%`,
  figure(gigaflops),
  `${Math.round(bytes / 2 ** 20)} MiB`,
];
const sizes: Point[] = [];
for (const [architecture, streams] of SIZES) sizes.push(await measure(architecture, streams));
console.log(`By network\n\n${table(header, sizes.map(row))}\n`);
const batches: Point[] = [];
for (const streams of BATCHES) batches.push(await measure(lstm([isQuick ? 64 : 256]), streams));
console.log(`By streams\n\n${table(header, batches.map(row))}`);
await backend.close();
