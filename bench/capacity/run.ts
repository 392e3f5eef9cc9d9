/**
 * What 1, 10 and 1,000 stories a second cost, on processors and on a GPU: step times measured here (the GPU's are an
 * assumption, see below), a simulation of the workers, and a real run beside the simulation. Writes docs/capacity.md.
 *
 *   npm run bench:capacity
 *   npm run bench:capacity -- --cpu-price 0.10 --gpu-price 4.00   # of an hour, in any currency
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { figure, machine, table } from '../measure.ts';
import { measureSteps, openStoryteller, realRun } from './measure.ts';
import { interpolate, quantile, simulate, type Writer } from './simulation.ts';

const SLOTS = 64;
const THREADS = 2;
const LENGTH = 1_200;
const PROMPT = 17;
const LOADS = [1, 10, 1_000] as const;
/** What a person may wait for a slot, in 95 of 100 cases. */
const WAIT_MS = 1_000;
const CHECKED_LOAD = 15;
const CHECK_SECONDS = 25;
/**
 * Not measured: no GPU was at hand. A trip of sixteen characters for 512 stories in 60 ms is half a teraflop, which
 * leaves out most of what such a card can do; `npm run bench:gpu` measures the real figure.
 */
const GPU: Writer = { slots: 512, ahead: 8, charactersPerStep: 16, stepMs: () => 60 };

const { values } = parseArgs({
  options: {
    'cpu-price': { type: 'string', default: '0.10' },
    'gpu-price': { type: 'string', default: '4.00' },
  },
});

const storyteller = await openStoryteller(SLOTS, THREADS);
const steps = await measureSteps(storyteller);
const cpu: Writer = { slots: SLOTS, ahead: 8, charactersPerStep: 1, stepMs: interpolate(steps) };
const real = await realRun(storyteller, CHECKED_LOAD, CHECK_SECONDS, LENGTH);
await storyteller.close();
const simulated = simulate(cpu, 1, {
  storiesPerSecond: CHECKED_LOAD,
  seconds: CHECK_SECONDS,
  prompt: PROMPT,
  lengths: real.lengths,
  seed: 1,
});
const simulatedTotals = simulated.writings.map((ms, index) => ms + simulated.waits[index]!);

const rows: string[][] = [];
for (const [name, writer, price] of [
  [`processor, ${THREADS} cores`, cpu, Number(values['cpu-price'])],
  ['one GPU (assumed)', GPU, Number(values['gpu-price'])],
] as const) {
  for (const storiesPerSecond of LOADS) rows.push(planFor(name, writer, price, storiesPerSecond));
}
const stepRows = steps.map(([stories, ms]) => [
  String(stories),
  ms.toFixed(2),
  figure((stories * 1_000) / ms),
]);
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
await writeFile(
  'docs/capacity.md',
  `# What it takes

\`npm run bench:capacity\` wrote this page: step times measured on ${machine()}, and a simulation of workers that write by
continuous batching (\`bench/capacity/simulation.ts\`, held against Pollaczek and Khinchine, and Little, by its tests). Stories
arrive at random, have ${LENGTH.toLocaleString('en')} characters at most, and 95 of 100 get a slot within a second. An hour of the
two cores is taken to cost ${values['cpu-price']}, one of a GPU ${values['gpu-price']}, in any currency.

${table(
  [
    'writes on',
    'stories a second',
    'workers',
    'wait p50',
    'wait p95',
    'busy',
    'cost an hour',
    'stories for 1',
  ],
  rows,
)}

**The GPU's figures are an assumption**, no GPU was at hand: ${GPU.slots} stories at once, and ${GPU.charactersPerStep} characters of
each in ${GPU.stepMs(1)} ms. \`npm run bench:gpu\` measures a card.

A step of the batch on two cores, drawing and reading included:

${table(['stories at once', 'ms a step', 'characters a second'], stepRows)}

The simulation beside a real run of ${CHECK_SECONDS} s with ${CHECKED_LOAD} stories a second (${real.totals.length} stories), from request to end:

${table(
  ['', 'real', 'simulated'],
  [0.5, 0.95].map((share) => [
    `p${share * 100}`,
    seconds(quantile(real.totals, share)),
    seconds(
      quantile(
        simulatedTotals.toSorted((a, b) => a - b),
        share,
      ),
    ),
  ]),
)}

Not simulated: the queue and the chats. A story sends a snapshot every 0.3 s at most, and fewer in a crowd; Discord takes an
edit a second for each story, Slack fifty a minute in a workspace. [RESULTS.md](../bench/RESULTS.md) has what the queue
costs on one machine; with more than one Redis can carry, each queue may lie on another master of a cluster
([redis.md](redis.md)). How workers follow the queue's length is in [kubernetes.md](kubernetes.md).
`,
);

/** The least number of workers with which 95 of 100 stories get a slot in time. */
function planFor(name: string, writer: Writer, price: number, storiesPerSecond: number): string[] {
  // Long enough for a few thousand stories, however few come in a second.
  const load = {
    storiesPerSecond,
    seconds: Math.max(20, 4_000 / storiesPerSecond),
    prompt: PROMPT,
    lengths: real.lengths,
    seed: 7,
  };
  const fullSteps = real.lengths.reduce((sum, length) => sum + length + PROMPT, 0) / real.lengths.length;
  const perSecond =
    (writer.slots * writer.charactersPerStep * 1_000) / writer.stepMs(writer.slots) / fullSteps;
  for (let workers = Math.max(1, Math.floor(storiesPerSecond / perSecond)); ; workers++) {
    const { waits, busy } = simulate(writer, workers, load);
    const p95 = quantile(waits, 0.95);
    if (p95 > WAIT_MS) continue;
    const cost = workers * price;
    return [
      name,
      storiesPerSecond.toLocaleString('en'),
      String(workers),
      `${figure(quantile(waits, 0.5))} ms`,
      `${figure(p95)} ms`,
      `${Math.round(busy * 100)}%`,
      cost.toFixed(2),
      figure((storiesPerSecond * 3_600) / cost),
    ];
  }
}
