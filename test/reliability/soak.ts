/**
 * A load test: many users on Discord, Slack and the page at once, for a long time, with real processes.
 * Writes its table into docs/reliability.md.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { machine, table } from '../../bench/measure.ts';
import { positive, readCommandLine } from '../../scripts/command-line.ts';
import { type Ask, Deployment } from '../harness/deployment.ts';
import { residentMib } from '../helpers/processes.ts';
import { freePort } from '../helpers/programs.ts';
import { PROMPT } from '../helpers/undisturbed.ts';
import { count, type Fate } from './counts.ts';
import { writeBetween } from './document.ts';
import { randomFrom } from './fault.ts';
import { askOnDiscord, askOnPage, askOnSlack } from './people.ts';

const FULL = { minutes: 20, people: 200 } as const;
/** A user who has read a story asks for another one after this, or up to twice as long. */
const LEISURE_MS = 40_000;
const SAMPLE_MS = 10_000;
/** The warm-up time: programs are compiled, connections are made. */
const WARM_MINUTES = 5;
/** The maximum growth of memory from there to the end, as a share. */
const GROWTH = 0.05;
const ACKNOWLEDGED_MS = 1_000;
/** Out of ten users. */
const PLATFORMS: readonly Ask[] = [
  ...Array.from({ length: 5 }, () => askOnDiscord),
  ...Array.from({ length: 1 }, () => askOnSlack),
  ...Array.from({ length: 4 }, () => askOnPage),
];

const HELP = `
npm run soak -- [options]

Runs simulated users on Discord, Slack and the page for a while, and measures outcomes, delays and the growth
of memory. Exits with 1 when a story is lost, an acknowledgement is late or memory grows. Only a run with the
default options writes its table into docs/reliability.md.

  --minutes NUMBER  duration (default: ${FULL.minutes})
  --people NUMBER   simulated users (default: ${FULL.people})
`;

const { values } = readCommandLine(HELP, {
  minutes: { type: 'string', default: String(FULL.minutes) },
  people: { type: 'string', default: String(FULL.people) },
});
const [minutes, people] = [positive('--minutes', values.minutes), positive('--people', values.people)];

interface Sample {
  readonly minute: number;
  /** Resident memory in MiB, by process. */
  readonly memory: Readonly<Record<string, number>>;
  /** The wait that the queue expects for a new story, in ms; undefined if it gives none. */
  readonly expectedMs: number | undefined;
}

const operatorPort = String(await freePort());
const deployment = await Deployment.open({
  env: {
    SCIFI_MAX_WAITING: '5000',
    SCIFI_LONGEST_WAIT: '0',
    // V8 delays garbage collection while there is room; with little room, growth is a leak.
    NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=256',
  },
});
const acknowledged: number[] = [];
const firstText: number[] = [];
const fates: Fate[] = [];
const samples: Sample[] = [];
let hasFailed = false;
try {
  await deployment.start('worker', 'worker');
  await deployment.start('bots', 'bots', { SCIFI_OPERATOR_PORT: operatorPort });
  const begun = performance.now();
  const until = begun + minutes * 60_000;
  const random = randomFrom(people);
  const live = async (ask: Ask) => {
    await sleep(random() * LEISURE_MS);
    while (performance.now() < until) {
      const asked = performance.now();
      let hasText = false;
      const { fate } = deployment.request(ask, {
        acknowledged: (ms) => acknowledged.push(ms),
        grown(characters) {
          if (hasText || characters <= PROMPT.length) return;
          hasText = true;
          firstText.push(performance.now() - asked);
        },
      });
      fates.push(await fate);
      await sleep(LEISURE_MS * (1 + random()));
    }
  };
  const sampling = sampleUntil(until, begun);
  await Promise.all([
    sampling,
    ...Array.from({ length: people }, (_, index) => live(PLATFORMS[index % PLATFORMS.length]!)),
  ]);
  await sleep(SAMPLE_MS);
  const seen = await Promise.all(
    fates.map(async (fate) => ({ ...fate, ...(await fate.lookAgain?.()) }) satisfies Fate),
  );
  const counts = count(seen);
  const growth = Object.fromEntries(['worker', 'bots'].map((name) => [name, growthOf(name)]));
  const expected = samples.flatMap(({ expectedMs }) => expectedMs ?? []);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
  const rows = [
    ['users, minutes', `${people}, ${minutes}`],
    ['stories accepted, whole, told', `${counts.accepted}, ${counts.whole}, ${counts.told}`],
    ['lost, doubled', `${counts.lost}, ${counts.doubled}`],
    ['refused, unheard', `${counts.refused}, ${counts.unheard}`],
    [
      'acknowledged, p50, p99',
      `${seconds(quantile(acknowledged, 0.5))}, ${seconds(quantile(acknowledged, 0.99))}`,
    ],
    ['first text, p50, p95', `${seconds(quantile(firstText, 0.5))}, ${seconds(quantile(firstText, 0.95))}`],
    [
      'wait expected by the queue, p50, p95',
      `${seconds(quantile(expected, 0.5))}, ${seconds(quantile(expected, 0.95))}`,
    ],
    ...Object.entries(growth).map(([name, share]) => [
      `memory of the ${name}, minute ${WARM_MINUTES} to the end`,
      `${samples.at(-1)!.memory[name]} MiB at the end, ${(share * 100).toFixed(1)}% more`,
    ]),
  ];
  process.stdout.write(`${table(['soak', 'measured'], rows)}\n`);
  process.stdout.write(`${JSON.stringify(samples.map(({ minute, memory }) => [minute, memory]))}\n`);
  const problems = [
    ...(counts.lost + counts.doubled > 0 ? ['stories were lost or doubled'] : []),
    ...(quantile(acknowledged, 0.99) > ACKNOWLEDGED_MS ? ['acknowledgements took too long'] : []),
    ...Object.entries(growth).flatMap(([name, share]) => (share > GROWTH ? [`the ${name} grows`] : [])),
  ];
  if (problems.length > 0) {
    process.stdout.write(`FAIL ${problems.join('; ')}\n`);
    hasFailed = true;
  }
  if (minutes === FULL.minutes && people === FULL.people) {
    const verdict = problems.length > 0 ? `**Fails**: ${problems.join('; ')}.` : 'All expectations hold.';
    await writeBetween('soak', `${machine()}. ${verdict}\n\n${table(['soak', 'measured'], rows)}`);
  }
} finally {
  await deployment.close();
}
// An explicit exit: Node 20 sometimes does not end while it closes the remaining handles.
process.exit(hasFailed ? 1 : 0);

async function sampleUntil(until: number, begun: number): Promise<void> {
  while (performance.now() < until) {
    await sleep(SAMPLE_MS);
    const memory: Record<string, number> = {};
    for (const name of ['worker', 'bots']) memory[name] = await residentMib(deployment.process(name).pid);
    const metrics = await fetch(`http://127.0.0.1:${operatorPort}/metrics`).then((answer) => answer.text());
    const expected = /^scifi_expected_wait_seconds(?:\{\})? ([\d.e+-]+)$/m.exec(metrics)?.[1];
    samples.push({
      minute: Number(((performance.now() - begun) / 60_000).toFixed(1)),
      memory,
      expectedMs: expected === undefined ? undefined : Number(expected) * 1_000,
    });
  }
}

/**
 * The share by which the last quarter of the samples after the warm-up is above the first: one cycle of the
 * garbage collector takes some minutes.
 */
function growthOf(name: string): number {
  const warm = samples.filter(({ minute }) => minute >= Math.min(WARM_MINUTES, minutes / 4));
  const size = Math.max(1, Math.round(warm.length / 4));
  const middle = (some: readonly Sample[]) =>
    quantile(
      some.map(({ memory }) => memory[name]!),
      0.5,
    );
  return middle(warm.slice(-size)) / middle(warm.slice(0, size)) - 1;
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
