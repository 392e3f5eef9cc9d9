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
  readonly charactersPerTrip: number;
  readonly tripMs: number;
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
  /** Number of processes that wanted a core, over the last five minutes. */
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
  return `# What it takes

\`npm run bench:capacity\` measures, simulates and writes this page. Measured on ${machine()}.
Stories of ${figure(found.length)} characters, which replies reveal at ${found.pace} a second, arriving at random. The machine's load
was ${found.load} while this was measured, for ${found.cores} cores: above that, other work ran meanwhile, everything measured is slower than it would be,
and the plan asks for more than is needed.

## What was measured

Milliseconds of a step, in which every story of a batch grows by one character (ONNX Runtime, through the storyteller):

${table(
  ['stories in the batch', ...found.steps[0]!.points.map(([stories]) => String(stories))],
  found.steps.map(({ threads, points }) => [
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...points.map(([, step]) => figure(step)),
  ]),
)}

A story at ${run.storiesPerSecond} a second on the page, which is the platform that writes down most (four times a second):

${table(
  ['of each story', ''],
  [
    ['Redis operations, those within scripts counted', figure(perStory.commands)],
    [
      'the same, by the most frequent',
      run.topCommands
        .slice(0, 5)
        .map(([name, calls]) => `${name} ${figure(calls)}`)
        .join(', '),
    ],
    ['of Redis’ one thread', ms(perStory.redisSeconds * 1_000)],
    ['through Redis’ network', `${figure(perStory.networkBytes / 1_024)} KiB`],
    [
      'kept in Redis, once the events of the last minute are gone',
      `${figure(perStory.keptBytes / 1_024)} KiB`,
    ],
    [
      'of a core, for the reply, and here for the one who asks and listens, too',
      ms(perStory.repliesSeconds * 1_000),
    ],
  ],
)}

The worker process had ${mebibytes(run.workerBytes)} resident at most.

## The simulation beside the real thing

A worker of one thread, a process of its own, over a Redis of its own; each cell is the median and the 95% quantile. Steps
were measured before and after each run. The simulation knows neither the queue, nor that a reply is looked at every quarter of a second, nor other processes on the
machine. Alone in the house, a story's first text came ${ms(run.idleFirst)} after the request: that much is to be added to what is simulated.

${table(
  [
    'stories a second',
    'stories',
    'writing, measured',
    'writing, simulated',
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

The fewest with which 95% of stories have their first word within a second of simulated time, and no worker is full on average.

On processors, ${found.coresPerWorker} cores a worker, at $${found.prices.coreHour} for the hour of a core (\`--core-hour\`):

${planTable(found.cpu, found.coresPerWorker, found.prices.coreHour, 'cores')}

On GPUs. **Assumed, not measured: no GPU was at hand.** A trip of ${found.assumption.charactersPerTrip} characters takes ${found.assumption.tripMs} ms, in which
kernels are started, or as long as ${found.assumption.teraflops} TFLOP/s need for it, whichever is longer; ${found.assumption.slots} slots. \`npm run bench:gpu\` measures
both where there is a card; pass them as \`--trip-ms\` and \`--teraflops\`. At $${found.prices.gpuHour} for the hour of a card (\`--gpu-hour\`):

${planTable(found.gpu, 1, found.prices.gpuHour, 'cards')}

## Everything else

${table(
  ['stories a second', ...found.cpu.map(({ storiesPerSecond }) => figure(storiesPerSecond))],
  [
    [
      'Redis operations a second',
      ...found.cpu.map((one) => figure(one.storiesPerSecond * perStory.commands)),
    ],
    [
      'of Redis’ one thread',
      ...found.cpu.map((one) => `${figure(one.storiesPerSecond * perStory.redisSeconds * 100)}%`),
    ],
    [
      'through its network, MiB/s',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * perStory.networkBytes) / 2 ** 20)),
    ],
    [
      'its memory, GiB, stories kept for a day',
      ...found.cpu.map((one) =>
        figure((one.storiesPerSecond * perStory.keptBytes * SECONDS_PER_DAY) / 2 ** 30),
      ),
    ],
    ['cores of bots', ...found.cpu.map((one) => figure(one.storiesPerSecond * perStory.repliesSeconds))],
    ['replies under way', ...found.cpu.map((one) => figure(one.storiesPerSecond * readingSeconds))],
    [
      'edits a second, all on Discord',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * readingSeconds) / DISCORD_EDIT_SECONDS)),
    ],
    [
      'edits a second, all on Slack, were it to allow them',
      ...found.cpu.map((one) => figure((one.storiesPerSecond * readingSeconds) / SLACK_EDIT_SECONDS)),
    ],
    [
      'workspaces for those',
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

- **One Redis** runs its commands on one thread: it carries about ${figure(0.7 / perStory.redisSeconds)} stories a second at 70% of it. Beyond that a cluster helps as far as
  there are queues (each platform's replies and the stories lie apart, [redis.md](redis.md)); beyond that run several
  installs side by side, each with its own Redis and \`SCIFI_PREFIX\`, and give each a part of Discord's shards and of Slack's workspaces.
- **Its memory** is what stories take that are kept: \`SCIFI_RETENTION_HOURS\` makes it less, in proportion.
- **Discord** limits the edits of each reply, and a reply is edited once a second at most; editing through an interaction is not counted
  against the bot's limit for all requests, says Discord. A bot in more than 2,500 servers is sharded: \`DISCORD_SHARDS\`.
- **Slack** limits the edits of a workspace: a story alone is edited every second and a half, several share, and further
  ones come whole. So a workspace sees fewer edits and not later stories.
- **A GPU's worker** is one Node.js process, too. What it does for each character besides the card's work was not simulated:
  expect a core for it, and split a card among workers if \`scifi_characters_total\` stays below what the card could.
`;
}

function planTable(plans: readonly Plan[], units: number, price: number, unit: string): string {
  return table(
    [
      'stories a second',
      'workers',
      unit,
      'busy',
      'stories in a batch',
      'wait',
      'first text',
      `hours of ${unit} for 1,000 stories`,
      'for a million stories',
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
