/** Measures the inputs of the capacity plan on this machine. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { createIntegerEngine } from '../../src/generator/engines/integer/create.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { uniformAt } from '../../src/generator/sampler.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { openConnection } from '../../src/queue/open.ts';
import { STORIES_QUEUE } from '../../src/queue/stories.ts';
import { startRedis } from '../../test/helpers/programs.ts';
import { request } from '../measure.ts';
import { openPipeline } from '../pipeline.ts';
import { writeFor } from '../stories.ts';
import { PREFIX, startWorker, stop } from '../workers.ts';

export const SLOTS = 64;
const CROWDS = [1, 2, 4, 8, 16, 32, 48, SLOTS] as const;
const MEASURE_MS = 1_500;
const IDLE_TRIALS = 20;

/**
 * Milliseconds of a step by the number of stories in it, through the storyteller, including drawing and
 * reading.
 */
export async function measureSteps(threads: number): Promise<[number, number][]> {
  const model = await loadModel(fileURLToPath(new URL('../../models/scifi', import.meta.url)));
  const engine = await createIntegerEngine(model, { capacity: SLOTS, threads });
  const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
  const points: [number, number][] = [];
  for (const crowd of CROWDS) {
    const rate = await writeFor(storyteller, crowd, MEASURE_MS, 'classic');
    points.push([crowd, (1_000 * crowd) / rate]);
  }
  await storyteller.close();
  await engine.close();
  return points;
}

/** Stories that arrive at random for a while, over their own Redis and a worker process. */
export interface Run {
  readonly storiesPerSecond: number;
  readonly stories: number;
  /** Characters of each, without prompts. */
  readonly lengths: readonly number[];
  /** Milliseconds, ascending: from taking a story to its end, as reported by the worker; */
  readonly writings: readonly number[];
  /** from a request to the first text of its reply. */
  readonly firsts: readonly number[];
  /** The median of those on an idle machine. */
  readonly idleFirst: number;
  /** For a story, from its request to its last character at the pace of the replies: */
  readonly perStory: {
    /**
     * Redis commands (including those in scripts), seconds of its single thread, bytes through its network,
     * and bytes kept afterwards.
     */
    readonly commands: number;
    readonly redisSeconds: number;
    readonly networkBytes: number;
    readonly keptBytes: number;
    /** CPU seconds of the process that runs the replies, which also sends the requests and listens. */
    readonly repliesSeconds: number;
  };
  /** Peak resident bytes of the worker. */
  readonly workerBytes: number;
  readonly topCommands: readonly (readonly [string, number])[];
}

/**
 * Runs a load through the whole system except the chats.
 *
 * @param pace characters per second at which replies grow
 */
export async function measureRun(
  storiesPerSecond: number,
  seconds: number,
  { threads, length, pace }: { threads: number; length: number; pace: number },
): Promise<Run> {
  const redis = await startRedis();
  const worker = startWorker(redis.url, threads);
  const settings = { redisUrl: redis.url, dataFolder: '', prefix: PREFIX };
  const connection = await openConnection(settings, pino({ level: 'silent' }));
  const pipeline = await openPipeline(connection, undefined, pace);
  const client = new Redis(redis.url);
  await worker.ready;

  const idle: number[] = [];
  for (let seed = 0; seed < IDLE_TRIALS; seed++) idle.push((await pipeline.ask(request(seed, 100))).firstMs);
  const written = () =>
    worker
      .output()
      .split('\n')
      .filter((line) => line.includes('"story written"'))
      .map((line) => JSON.parse(line) as { characters: number; ms: number });
  const before = { lines: written().length, ...(await readRedis(client)), cpu: process.cpuUsage() };
  const asked: Promise<{ text: string; firstMs: number }>[] = [];
  const started = performance.now();
  let at = 0;
  for (let index = 0; ; index++) {
    at -= (Math.log(1 - uniformAt(1, index, 0)) / storiesPerSecond) * 1_000;
    if (at > seconds * 1_000) break;
    await sleep(Math.max(0, started + at - performance.now()));
    asked.push(pipeline.ask(request(1_000 + index, length)));
  }
  const ends = await Promise.all(asked);
  // Stories are removed shortly after their replies have ended.
  await sleep(1_000);
  const cpu = process.cpuUsage(before.cpu);
  // As the sweeper does a minute later: only the replies are kept.
  for (const queue of [STORIES_QUEUE, 'replies-bench']) await connection.deleteEvents(queue, Date.now());
  const after = await readRedis(client);
  const lines = written().slice(before.lines);
  const status = await readFile(`/proc/${worker.child.pid}/status`, 'utf8');
  const commands = new Map(
    [...after.commands].map(([name, calls]) => [name, calls - (before.commands.get(name) ?? 0)] as const),
  );
  const count = ends.length;
  const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
  const prompt = request(0, length).prompt.length;
  const run: Run = {
    storiesPerSecond,
    stories: count,
    lengths: lines.map(({ characters }) => characters - prompt),
    writings: ascending(lines.map(({ ms }) => ms)),
    firsts: ascending(ends.map(({ firstMs }) => firstMs)),
    idleFirst: ascending(idle)[idle.length / 2]!,
    perStory: {
      commands: [...commands.values()].reduce((sum, calls) => sum + calls, 0) / count,
      redisSeconds: (after.seconds - before.seconds) / count,
      networkBytes: (after.networkBytes - before.networkBytes) / count,
      keptBytes: (after.memoryBytes - before.memoryBytes) / count,
      repliesSeconds: (cpu.user + cpu.system) / 1e6 / count,
    },
    workerBytes: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024,
    topCommands: [...commands]
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, calls]) => [name, calls / count]),
  };
  client.disconnect();
  await pipeline.close();
  await stop(worker.child);
  await connection.close();
  await redis.stop();
  return run;
}

/** Commands by name, including those that scripts call, and the CPU time of Redis. */
async function readRedis(client: Redis) {
  const info = await client.info('everything');
  const field = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
  const commands = new Map<string, number>();
  for (const [, name, calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    commands.set(name!, Number(calls));
  return {
    commands,
    seconds: field('used_cpu_user_main_thread') + field('used_cpu_sys_main_thread'),
    networkBytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
    memoryBytes: field('used_memory'),
  };
}
