/**
 * Plans capacity for many machines: how many workers 1, 10 and 1,000 stories a second need, on CPUs and on
 * GPUs, and the load of Redis and the bots. Measures, compares the simulation with a real run, and writes
 * docs/capacity.md; takes about three minutes.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { positive, readCommandLine } from '../scripts/command-line.ts';
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
/** Stories that a worker takes beyond its slots, as in src/roles/worker.ts. */
const AHEAD = 8;
const FIRST_TEXT_MS = 1_000;
/** Of the engine `integer`. */
const CHARACTERS_PER_DECODE = 16;
/** Minimum number of stories in a simulation, so that quantiles are meaningful. */
const LEAST_STORIES = 3_000;
/** Multiplications and additions of the model for one character. */
const OPERATIONS_PER_CHARACTER = 6.4e6;

const HELP = `
npm run bench:capacity -- [options]

Measures steps and runs on this machine, simulates loads, and writes docs/capacity.md, in about three minutes.

  --core-hour DOLLARS  price of a core for an hour (default: 0.05)
  --gpu-hour DOLLARS   price of a GPU for an hour (default: 2)
  --decode-ms NUMBER   assumed time of a decode of 16 characters on a GPU (default: 8; npm run bench:gpu measures it)
  --teraflops NUMBER   assumed speed of the GPU (default: 5; npm run bench:gpu measures it)
`;

const { values } = readCommandLine(HELP, {
  'core-hour': { type: 'string', default: '0.05' },
  'gpu-hour': { type: 'string', default: '2' },
  'decode-ms': { type: 'string', default: '8' },
  teraflops: { type: 'string', default: '5' },
});
const prices = {
  coreHour: positive('--core-hour', values['core-hour']),
  gpuHour: positive('--gpu-hour', values['gpu-hour']),
};
const assumption: Assumption = {
  slots: 1_024,
  charactersPerDecode: 16,
  decodeMs: positive('--decode-ms', values['decode-ms']),
  teraflops: positive('--teraflops', values.teraflops),
};

/** @param points milliseconds of a character of each story, by the number of stories */
function processor(points: readonly (readonly [number, number])[]): Writer {
  const msOf = interpolate(points);
  return {
    slots: SLOTS,
    ahead: AHEAD,
    charactersPerStep: CHARACTERS_PER_DECODE,
    stepMs: (stories) => CHARACTERS_PER_DECODE * msOf(stories),
  };
}

function card({ slots, charactersPerDecode, decodeMs, teraflops }: Assumption): Writer {
  const computeMs = (stories: number) =>
    (stories * charactersPerDecode * OPERATIONS_PER_CHARACTER) / (teraflops * 1e9);
  return {
    slots,
    ahead: AHEAD,
    charactersPerStep: charactersPerDecode,
    stepMs: (stories) => Math.max(decodeMs, computeMs(stories)),
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
const text = report({
  steps,
  runs,
  cpu: LOADS.map((load) => plan(processor(steps.at(-1)!.points), loadOf(load, run))),
  coresPerWorker: cores,
  gpu: LOADS.map((load) => plan(card(assumption), loadOf(load, run))),
  assumption,
  prices,
  length: LENGTH,
  pace: PACE,
  load: loadavg()[1]!.toFixed(1),
  cores,
});
writeFileSync(fileURLToPath(new URL('../docs/capacity.md', import.meta.url)), text);
console.log(text);
process.exit(0);
