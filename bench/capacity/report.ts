/** docs/capacity.md: the capacity plan as text and tables, from measurements and assumptions. */
import { figure, machine, table } from '../measure.ts';
import type { Run } from './measure.ts';
import { type Outcome, quantile } from './simulation.ts';

/** One row of the plan: a load, and the fewest workers that carry it. */
export interface Plan {
  readonly storiesPerSecond: number;
  readonly workers: number;
  readonly outcome: Outcome;
}

export interface Prices {
  readonly coreHour: number;
  readonly gpuHour: number;
}

export interface Assumption {
  readonly slots: number;
  readonly charactersPerDecode: number;
  readonly decodeMs: number;
  readonly teraflops: number;
}

export interface Findings {
  readonly steps: readonly {
    readonly threads: number;
    readonly points: readonly (readonly [number, number])[];
  }[];
  readonly runs: readonly { readonly run: Run; readonly simulated: Outcome }[];
  readonly cpu: readonly Plan[];
  readonly coresPerWorker: number;
  readonly gpu: readonly Plan[];
  readonly assumption: Assumption;
  readonly prices: Prices;
  readonly length: number;
  readonly pace: number;
  /** Load average of the last five minutes. */
  readonly load: string;
  readonly cores: number;
}

/** Maximum edits per second of one reply: one a second on Discord, one every second and a half on Slack. */
const DISCORD_EDIT_SECONDS = 1;
const SLACK_EDIT_SECONDS = 1.5;
/** Slack's limit of edits per minute for a workspace; ours is lower (src/bots/slack/reply/budgets.ts). */
const SLACK_EDITS_PER_MINUTE = 40;
const SECONDS_PER_DAY = 86_400;

const ms = (value: number) => `${figure(value)} ms`;
const pair = (values: readonly number[]) => `${ms(quantile(values, 0.5))} / ${ms(quantile(values, 0.95))}`;
const mebibytes = (bytes: number) => `${figure(bytes / 2 ** 20)} MiB`;

export function report(found: Findings): string {
  const [{ run }] = found.runs as [Findings['runs'][number]];
  const { perStory } = run;
  const readingSeconds = found.length / found.pace;
  return `# Capacity planning

\`npm run bench:capacity\` measures this machine, simulates the loads and writes this page. Measured on ${machine()}.
Stories have ${figure(found.length)} characters, arrive at random, and are revealed at ${found.pace} characters a second. The load average during the
measurement was ${found.load} on ${found.cores} cores. A load above the number of cores makes the measured times too long and the plan too large.

## Measurements

Milliseconds of a step, in which every active story grows by one character (engine \`integer\`, through the storyteller):

${table(
  ['active stories', ...found.steps[0]!.points.map(([stories]) => String(stories))],
  found.steps.map(({ threads, points }) => [
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...points.map(([, step]) => figure(step)),
  ]),
)}

Costs per story at ${run.storiesPerSecond} stories a second on the page, the platform with the most updates (four a second):

${table(
  ['per story', ''],
  [
    ['Redis commands, including those in scripts', figure(perStory.commands)],
    [
      'the most frequent of them',
      run.topCommands
        .slice(0, 5)
        .map(([name, calls]) => `${name} ${figure(calls)}`)
        .join(', '),
    ],
    ['CPU time of Redis', ms(perStory.redisSeconds * 1_000)],
    ['network traffic of Redis', `${figure(perStory.networkBytes / 1_024)} KiB`],
    ['memory in Redis after the events are trimmed', `${figure(perStory.keptBytes / 1_024)} KiB`],
    ['CPU time of the bots, including the requesting client', ms(perStory.repliesSeconds * 1_000)],
  ],
)}

The worker process used at most ${mebibytes(run.workerBytes)} of memory.

## Simulation compared with a run

One worker process with one thread and its own Redis. Each cell has the median and the 95th percentile. Steps were measured
before and after each run. The simulation leaves out the queue, the interval of a quarter of a second between updates, and other
processes. On an idle machine the first text came ${ms(run.idleFirst)} after the request: add this to the simulated values.

${table(
  [
    'stories a second',
    'stories',
    'generation, measured',
    'generation, simulated',
    'first text, measured',
    'first text, simulated',
  ],
  found.runs.map(({ run: one, simulated }) => [
    String(one.storiesPerSecond),
    String(one.stories),
    pair(one.writings),
    pair(simulated.writings),
    pair(one.firsts),
    pair(simulated.firsts),
  ]),
)}

## Workers

The smallest number of workers with which 95% of stories have their first word within one simulated second, and on average less
than 80% of the slots are in use.

On CPUs, with ${found.coresPerWorker} cores per worker, at $${found.prices.coreHour} per core and hour (\`--core-hour\`):

${planTable(found.cpu, found.coresPerWorker, found.prices.coreHour, 'cores')}

On GPUs. **These figures are assumptions, not measurements**: a decode of ${found.assumption.charactersPerDecode} characters takes ${found.assumption.decodeMs} ms for launching kernels, or
the time of its arithmetic at ${found.assumption.teraflops} TFLOP/s, whichever is longer; a worker has ${found.assumption.slots} slots. \`npm run bench:gpu\` measures both on a GPU;
pass them as \`--decode-ms\` and \`--teraflops\`. At $${found.prices.gpuHour} per GPU and hour (\`--gpu-hour\`):

${planTable(found.gpu, 1, found.prices.gpuHour, 'GPUs')}

## Redis, bots and platforms

${table(
  ['stories a second', ...found.cpu.map(({ storiesPerSecond }) => figure(storiesPerSecond))],
  [
    ['Redis commands a second', ...found.cpu.map((one) => figure(one.storiesPerSecond * perStory.commands))],
    [
      'CPU time of Redis',
      ...found.cpu.map((one) => `${figure(one.storiesPerSecond * perStory.redisSeconds * 100)}%`),
    ],
    [
      'network traffic of Redis, MiB/s',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * perStory.networkBytes) / 2 ** 20)),
    ],
    [
      'memory of Redis, GiB, with stories kept for a day',
      ...found.cpu.map((one) =>
        figure((one.storiesPerSecond * perStory.keptBytes * SECONDS_PER_DAY) / 2 ** 30),
      ),
    ],
    ['cores of bots', ...found.cpu.map((one) => figure(one.storiesPerSecond * perStory.repliesSeconds))],
    ['replies in progress', ...found.cpu.map((one) => figure(one.storiesPerSecond * readingSeconds))],
    [
      'edits a second, if all are on Discord',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * readingSeconds) / DISCORD_EDIT_SECONDS)),
    ],
    [
      'edits a second, if all are on Slack',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * readingSeconds) / SLACK_EDIT_SECONDS)),
    ],
    [
      'workspaces that allow this many edits',
      ...found.cpu.map((one) =>
        figure(
          Math.ceil(
            (one.storiesPerSecond * readingSeconds * 60) / SLACK_EDIT_SECONDS / SLACK_EDITS_PER_MINUTE,
          ),
        ),
      ),
    ],
  ],
)}

- **One Redis** runs its commands on one thread. At 70% of that thread it handles about ${figure(0.7 / perStory.redisSeconds)} stories a second. For more,
  use a cluster, which spreads the queues (one for stories, one for each platform's replies, [redis.md](redis.md)). Beyond that,
  run several installations, each with its own Redis and \`SCIFI_PREFIX\`, and divide Discord's shards and Slack's workspaces among them.
- **Memory of Redis** is proportional to \`SCIFI_RETENTION_HOURS\`.
- **Discord** limits the edits of each reply; a reply is edited at most once a second. According to Discord, edits through an
  interaction do not count against the bot's global limit. A bot in more than 2,500 servers must be sharded: \`DISCORD_SHARDS\`.
- **Slack** limits the edits of each workspace. One story is edited every one and a half seconds; several stories share the limit,
  and further ones are posted complete. A busy workspace sees fewer edits, not later stories.
- **A GPU worker** is one Node.js process. Its own work for each character was not simulated: reserve one core for it, and run
  several workers per GPU if \`scifi_characters_total\` stays below the GPU's rate.
`;
}

function planTable(plans: readonly Plan[], units: number, price: number, unit: string): string {
  return table(
    [
      'stories a second',
      'workers',
      unit,
      'busy',
      'active stories',
      'wait',
      'first text',
      `${unit.replace(/s$/, '')} hours per 1,000 stories`,
      'per million stories',
    ],
    plans.map(({ storiesPerSecond, workers, outcome }) => {
      const hours = (workers * units * 1_000) / storiesPerSecond / 3_600;
      return [
        figure(storiesPerSecond),
        String(workers),
        String(workers * units),
        `${Math.round(outcome.busy * 100)}%`,
        figure(outcome.batch),
        pair(outcome.waits),
        pair(outcome.firsts),
        figure(hours),
        `$${figure(hours * 1_000 * price)}`,
      ];
    }),
  );
}
