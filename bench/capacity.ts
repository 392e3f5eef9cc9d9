/**
 * Plans capacity for many machines: how many workers 1, 10 and 1,000 stories a second need, on CPUs and on
 * GPUs, and the load of Redis and the bots. Measures, compares the simulation with a real run, and writes
 * docs/capacity.md; takes about three minutes.
 *
 *   npm run bench:capacity -- --core-hour 0.05 --gpu-hour 2 --trip-ms 8 --teraflops 5
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureRun, measureSteps, type Run, SLOTS } from './capacity/measure.ts';
import { type Assumption, type Plan, report } from './capacity/report.ts';
import { interpolate, type Load, quantile, simulate, type Writer } from './capacity/simulation.ts';

const LENGTH = 1_200;
const PACE = 120;
const LOADS = [1, 10, 1_000];
/** Stories per second and seconds of the runs that the simulation is compared with. */
const RUNS = [
  [5, 30],
  [10, 20],
] as const;
/** Stories that a worker takes beyond its slots, as in src/app.ts. */
const AHEAD = 8;
const FIRST_TEXT_MS = 1_000;
/** Minimum number of stories in a simulation, so that quantiles are meaningful. */
const LEAST_STORIES = 3_000;
/** Multiplications and additions of the model for one character. */
const OPERATIONS_PER_CHARACTER = 6.4e6;

const { values } = parseArgs({
  options: {
    'core-hour': { type: 'string', default: '0.05' },
    'gpu-hour': { type: 'string', default: '2' },
    'trip-ms': { type: 'string', default: '8' },
    teraflops: { type: 'string', default: '5' },
  },
});

const processor = (points: readonly (readonly [number, number])[]): Writer => ({
  slots: SLOTS,
  ahead: AHEAD,
  charactersPerStep: 1,
  stepMs: interpolate(points),
});

function card({ slots, charactersPerTrip, tripMs, teraflops }: Assumption): Writer {
  const computeMs = (stories: number) =>
    (stories * charactersPerTrip * OPERATIONS_PER_CHARACTER) / (teraflops * 1e9);
  return {
    slots,
    ahead: AHEAD,
    charactersPerStep: charactersPerTrip,
    stepMs: (stories) => Math.max(tripMs, computeMs(stories)),
  };
}

function loadOf(storiesPerSecond: number, { lengths }: Run, seconds?: number): Load {
  const enough = Math.max(20, LEAST_STORIES / storiesPerSecond);
  return { storiesPerSecond, seconds: seconds ?? enough, prompt: 17, lengths, seed: 1 };
}

/** The fewest workers that carry a load, by bisection, because more workers are never slower. */
function plan(writer: Writer, load: Load): Plan {
  const carries = (workers: number) => {
    const outcome = simulate(writer, workers, load);
    const isSoon = quantile(outcome.firsts, 0.95) <= FIRST_TEXT_MS;
    return isSoon && outcome.batch < writer.slots * 0.8 ? outcome : undefined;
  };
  let most = 1;
  while (!carries(most)) most *= 2;
  let few = Math.floor(most / 2);
  while (most - few > 1) {
    const middle = Math.floor((few + most) / 2);
    if (carries(middle)) most = middle;
    else few = middle;
  }
  return { storiesPerSecond: load.storiesPerSecond, workers: most, outcome: carries(most)! };
}

const cores = cpus().length;
const steps: { threads: number; points: [number, number][] }[] = [];
for (const threads of new Set([1, cores])) steps.push({ threads, points: await measureSteps(threads) });
const runs: { run: Run; simulated: ReturnType<typeof simulate> }[] = [];
for (const [storiesPerSecond, seconds] of RUNS) {
  // Measured before and after, because the machine's other load varies.
  const before = await measureSteps(1);
  const run = await measureRun(storiesPerSecond, seconds, { threads: 1, length: LENGTH, pace: PACE });
  const after = await measureSteps(1);
  const points = before.map(([stories, ms], index): [number, number] => [
    stories,
    (ms + after[index]![1]) / 2,
  ]);
  runs.push({ run, simulated: simulate(processor(points), 1, loadOf(storiesPerSecond, run, seconds)) });
}
const [{ run }] = runs as [(typeof runs)[number]];
const assumption: Assumption = {
  slots: 1_024,
  charactersPerTrip: 16,
  tripMs: Number(values['trip-ms']),
  teraflops: Number(values.teraflops),
};
const text = report({
  steps,
  runs,
  cpu: LOADS.map((load) => plan(processor(steps.at(-1)!.points), loadOf(load, run))),
  coresPerWorker: cores,
  gpu: LOADS.map((load) => plan(card(assumption), loadOf(load, run))),
  assumption,
  prices: { coreHour: Number(values['core-hour']), gpuHour: Number(values['gpu-hour']) },
  length: LENGTH,
  pace: PACE,
  load: loadavg()[1]!.toFixed(1),
  cores,
});
writeFileSync(fileURLToPath(new URL('../docs/capacity.md', import.meta.url)), text);
console.log(text);
process.exit(0);
