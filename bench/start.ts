/**
 * Measures how long processes take from their start until they are ready: the roles, some commands, and beside
 * them, as a measure of the machine, Node itself and Node with tsx. The rounds are interleaved, and the first one,
 * which fills caches, is not counted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { positive, readCommandLine } from '../scripts/command-line.ts';
import { FakeDiscord } from '../test/fakes/discord/fake-discord.ts';
import { FakeSlack } from '../test/fakes/slack/fake-slack.ts';
import { startRedis } from '../test/helpers/programs.ts';
import { figure, machine, median, table } from './measure.ts';

const PROGRAM = fileURLToPath(new URL('../bin/scifi.js', import.meta.url));
/** Linux's unit of processor times in /proc. */
const TICK_MS = 10;
const ROUNDS = 7;

const HELP = `npm run bench:start [-- --rounds N]

Prints the milliseconds from the start of a process until it is ready, medians of interleaved rounds.

  --rounds N  rounds (default: ${ROUNDS})
`;

interface Subject {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What a ready process has printed; undefined for one that is ready when it ends. */
  readonly ready?: RegExp;
}

interface Measurement {
  readonly ms: number;
  /** Processor time of the process and of those that it started and that have ended. */
  readonly processorMs: number;
  readonly residentMib: number;
}

/** Starts a process, waits until it is ready, and ends it. */
async function measure({ args, env = {}, ready }: Subject): Promise<Measurement> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: 'info', SCIFI_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let output = '';
  const isReady = new Promise<void>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      if (ready?.test(output)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
  });
  const code = await Promise.race([isReady, ended.then(([exitCode]) => exitCode as number | null)]);
  const ms = performance.now() - started;
  if (code !== undefined && (ready || code !== 0)) throw new Error(`${args.join(' ')} ended: ${output}`);
  const usage = usageOf(child.pid!);
  child.kill('SIGTERM');
  await ended;
  return { ms, ...usage };
}

/** A process's usage so far; NaN where the system does not report it, and for a process that has ended. */
function usageOf(pid: number): Omit<Measurement, 'ms'> {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 to 17, counted after the name in parentheses.
    const times = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15);
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return {
      processorMs: times.reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0),
      residentMib: Number(resident?.[1]) / 1_024,
    };
  } catch {
    return { processorMs: Number.NaN, residentMib: Number.NaN };
  }
}

const { values } = readCommandLine(HELP, { rounds: { type: 'string' } });
const rounds = values.rounds === undefined ? ROUNDS : positive('--rounds', values.rounds);
const [redis, discord, slack] = await Promise.all([startRedis(), FakeDiscord.start(), FakeSlack.start()]);
const folder = await mkdtemp(join(tmpdir(), 'scifi-start-'));
const empty = join(folder, 'empty.ts');
await writeFile(empty, 'export {};\n');

const page = /write me a sci-fi: http/;
const worker = /storyteller ready/;
const shared = { REDIS_URL: redis.url };
const embedded = { REDIS_URL: '', SCIFI_DATA: folder };
const chats = {
  DISCORD_TOKEN: discord.token,
  DISCORD_API: discord.api,
  SLACK_BOT_TOKEN: slack.workspace.token,
  SLACK_APP_TOKEN: slack.world.appToken,
  SLACK_API: slack.api,
};
const subjects: Readonly<Record<string, Subject>> = {
  'node -e 0': { args: ['-e', '0'] },
  'an empty file through tsx': { args: ['--import', import.meta.resolve('tsx'), empty] },
  'scifi --help': { args: [PROGRAM, '--help'] },
  'scifi write, first text': {
    args: [PROGRAM, 'write', 'It all began with', '--length', '600', '--seed', '1'],
    ready: /It all began with \w/,
  },
  'scifi worker': { args: [PROGRAM, 'worker'], env: shared, ready: worker },
  'scifi bots': { args: [PROGRAM, 'bots'], env: shared, ready: page },
  'scifi bots, Discord and Slack': { args: [PROGRAM, 'bots'], env: { ...shared, ...chats }, ready: page },
  'scifi start': { args: [PROGRAM, 'start'], env: embedded, ready: worker },
};

const measured = new Map<string, Measurement[]>(Object.keys(subjects).map((name) => [name, []]));
try {
  for (let round = 0; round <= rounds; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      const measurement = await measure(subject);
      if (round > 0) measured.get(name)!.push(measurement);
    }
  }
} finally {
  await Promise.all([redis.stop(), discord.stop(), slack.stop()]);
  await rm(folder, { recursive: true, force: true });
}
const bare = median(measured.get('node -e 0')!.map(({ ms }) => ms));
const rows = [...measured].map(([name, all]) => {
  const ms = median(all.map((one) => one.ms));
  const processor = median(all.map((one) => one.processorMs));
  const resident = median(all.map((one) => one.residentMib));
  return [name, figure(ms), (ms / bare).toFixed(1), figure(processor), figure(resident)];
});
console.log(`${machine()}; medians of ${rounds} rounds\n`);
console.log(table(['until ready', 'ms', 'x node', 'processor ms', 'MiB'], rows));
