/** Runs every benchmark of the generator and the queue, ratios first. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../scripts/command-line.ts';
import { loadKernel } from '../src/generator/engines/integer/kernels.ts';
import { planOf } from '../src/generator/engines/integer/plan.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { availableProcessors } from '../src/processors.ts';
import { plot } from '../src/workshop/plot.ts';
import type { Figures } from './engines.ts';
import { CROWDS, figure, machine, table } from './measure.ts';
import { shareOfPeak } from './peak.ts';
import { engineProcess, type MeasuredProcess, medianOf, pytorchProcesses } from './processes.ts';
import { benchQueue, QUEUE_HEADER } from './queue.ts';
import { benchWorkers, WORKERS_HEADER } from './workers.ts';

const HELP = `
npm run bench

Runs every benchmark of the generator and the queue in about ten minutes, prints the tables of
bench/RESULTS.md and writes bench/stories.svg. PyTorch is measured where python3, or the Python that
BENCH_PYTHON names, has it.

  --engines  only the engines and their peers
`;
const { values } = readCommandLine(HELP, { engines: { type: 'boolean', default: false } });

const ROUNDS = 3;

/** The title of each process of bench/engines.ts. */
const WRITERS: Readonly<Record<string, string>> = {
  cuda: 'tensorflow-cuda',
  webgpu: 'integer on a GPU (webgpu)',
  integer: 'integer',
  lively: 'integer, preset lively',
  onnx: 'onnx',
  wasm: 'tensorflow-wasm',
  plain: 'plain TensorFlow.js, a story per call',
  predecessor: 'the predecessor',
  'predecessor-wasm': 'the predecessor, on WASM',
};
/** Those that write one story after another, so that one number of stories is enough. */
const ONE_BY_ONE = ['plain', 'predecessor', 'predecessor-wasm'].map((name) => WRITERS[name]!);
/** What the others are compared with. */
const PEERS = [
  'PyTorch float32',
  'PyTorch int8',
  ...['onnx', 'predecessor', 'predecessor-wasm', 'plain'].map((name) => WRITERS[name]!),
];
const STORIES_PLOT = fileURLToPath(new URL('stories.svg', import.meta.url));

console.log(`${machine()}\n`);

const started = await startAll();
/** Of each process, its figures by `CROWDS`. */
const measured = new Map<string, Figures[]>();
for (const process of started) measured.set(process.title, []);
await measureAll();
await Promise.all(started.map((process) => process.end()));

/** Starts one after another, so that the start of none is disturbed; says which cannot be measured. */
async function startAll(): Promise<MeasuredProcess[]> {
  const pytorch = pytorchProcesses();
  if (typeof pytorch === 'string') console.log(`not measured: PyTorch (${pytorch})`);
  const all = Object.entries(WRITERS).map(
    ([name, title]) =>
      () =>
        engineProcess(title, name),
  );
  const opened: MeasuredProcess[] = [];
  for (const start of [...all, ...(typeof pytorch === 'string' ? [] : pytorch.map((one) => () => one))]) {
    const process = start();
    try {
      await process.ready();
      opened.push(process);
    } catch (error) {
      console.log(`not measured: ${process.title} (${(error as Error).message})`);
    }
  }
  return opened;
}

/** Rounds over all processes, so that a slow minute of the machine meets all alike. */
async function measureAll(): Promise<void> {
  const rounds = new Map<string, Figures[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const crowd of CROWDS) {
      for (const process of started) {
        const isKnown = ONE_BY_ONE.includes(process.title) && crowd !== CROWDS[0];
        const key = `${process.title} ${isKnown ? CROWDS[0] : crowd}`;
        const all = rounds.get(key) ?? [];
        rounds.set(key, all);
        if (!isKnown) all.push(await process.measure(crowd));
      }
    }
  }
  for (const { title } of started) {
    const crowds = CROWDS.map((crowd) => (ONE_BY_ONE.includes(title) ? CROWDS[0] : crowd));
    measured.set(
      title,
      crowds.map((crowd) => medianOf(rounds.get(`${title} ${crowd}`)!)),
    );
  }
}

const header = ['stories at once', ...CROWDS.map(String), 'resident'];
const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
const rowsOf = (cell: (figures: Figures, i: number) => string) =>
  [...measured].map(([title, figures]) => [title, ...figures.map(cell), megabytes(figures.at(-1)!.resident)]);

for (const peer of PEERS) {
  const figures = measured.get(peer);
  if (!figures) continue;
  console.log(`\n## Factor over ${peer}\n`);
  console.log(
    table(
      header,
      rowsOf(({ stories }, i) => figure(stories / figures[i]!.stories)),
    ),
  );
}
const tables: [title: string, cell: (figures: Figures) => string][] = [
  ['Characters per second', ({ stories }) => figure(stories)],
  ['Characters per second of the bare engine', ({ bare }) => figure(bare)],
  [
    'Speed of stories as a share of the bare engine',
    ({ stories, bare, loopDelay }) =>
      Number.isNaN(loopDelay) ? '-' : `${Math.round((stories / bare) * 100)}%`,
  ],
  [
    'Event-loop delay while stories are written, 99th percentile in ms',
    ({ loopDelay }) => figure(loopDelay!),
  ],
  [
    'First text of a story with a prompt of 200 characters, alone, without a queue, the longest of ten, in ms',
    ({ firstText }) => figure(firstText!),
  ],
];
for (const [title, cell] of tables) {
  console.log(`\n## ${title}\n`);
  console.log(
    table(
      header,
      // The peers have no storyteller.
      rowsOf(cell).filter((row) => !row.includes('-')),
    ),
  );
}

const integer = measured.get(WRITERS.integer!);
if (integer) {
  const plan = planOf(await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url))));
  const [alone, crowd] = [integer[0]!.bare, Math.max(...integer.map(({ bare }) => bare))];
  console.log('\n## Share of the machine\n');
  console.log(shareOfPeak(await loadKernel(), plan, availableProcessors(), alone, crowd).join('\n'));
}

writeFileSync(
  STORIES_PLOT,
  plot({
    title: 'Characters per second by stories at once',
    xLabel: 'stories at once',
    yLabel: 'characters per second, all stories together',
    series: [...measured].map(([name, figures]) => ({
      name: name.replace(', a story per call', ''),
      points: CROWDS.map((crowd, i) => [crowd, figures[i]!.stories] as const),
    })),
  }),
);

if (values.engines) process.exit(0);

console.log('\n## What the queue costs\n');
const queue = await benchQueue();
console.log(table(QUEUE_HEADER, queue.rows));
for (const note of queue.notes) console.log(`\n${note}`);

console.log('\n## Worker processes\n');
const workers = await benchWorkers();
console.log(table(WORKERS_HEADER, workers.rows));
for (const note of workers.notes) console.log(`\n${note}`);
process.exit(0);
