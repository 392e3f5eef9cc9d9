/**
 * Measures one, two and four generator workers as separate processes over one Redis.
 *
 *   npm run bench:workers
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readCommandLine } from '../scripts/command-line.ts';
import { openConnection } from '../src/queue/open.ts';
import { Stories } from '../src/queue/stories.ts';
import { skipWithout, startRedis, until } from '../test/helpers/programs.ts';
import { figure, machine, table } from './measure.ts';
import { crowd, openPipeline } from './pipeline.ts';

const STORIES = 128;
const LENGTH = 1_200;
export const PREFIX = 'bench';
const START_MS = 60_000;

export async function benchWorkers(): Promise<{ rows: string[][]; notes: string[] }> {
  const skip = skipWithout('redis-server');
  if (skip) return { rows: [], notes: [skip] };
  const rows: string[][] = [];
  let single = Number.NaN;
  for (const processes of [1, 2, 4]) {
    const redis = await startRedis();
    const threads = Math.max(1, Math.floor(cpus().length / processes));
    const workers = Array.from({ length: processes }, () => startWorker(redis.url, threads));
    const settings = { redisUrl: redis.url, dataFolder: '', prefix: PREFIX };
    const connection = await openConnection(settings, pino({ level: 'silent' }));
    const stories = new Stories(connection);
    await stories.ready();
    await Promise.all(workers.map(({ ready }) => ready));
    const pipeline = await openPipeline(connection, undefined);
    await crowd(pipeline, STORIES, 300, 0);
    const { rate } = await crowd(pipeline, STORIES, LENGTH, 1_000);
    if (processes === 1) single = rate;
    rows.push([
      `${processes} x ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      (rate / single).toFixed(2),
      figure(rate),
    ]);
    await pipeline.close();
    await stories.close();
    for (const { child } of workers) await stop(child);
    await connection.close();
    await redis.stop();
  }
  return { rows, notes: [] };
}

/** The heads of the rows. */
export const WORKERS_HEADER = ['processes', 'factor over one', 'characters/s'];

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
  /** Its complete output. */
  readonly output: () => string;
}

/** A generator worker on the CPU, under the benchmarks' prefix. */
export function startWorker(redisUrl: string, threads: number): WorkerProcess {
  const cli = fileURLToPath(new URL('../bin/scifi.js', import.meta.url));
  const child = spawn(process.execPath, [cli, 'worker'], {
    env: {
      ...process.env,
      REDIS_URL: redisUrl,
      SCIFI_PREFIX: PREFIX,
      SCIFI_THREADS: String(threads),
      SCIFI_ENGINE: 'integer',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout!.on('data', (chunk) => {
    output += String(chunk);
  });
  return {
    child,
    ready: until(() => output.includes('storyteller ready'), 'a worker', START_MS),
    output: () => output,
  };
}

export async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

const HELP = `
npm run bench:workers

Measures how fast one, two and four workers write 128 stories at once, with the processors divided among them.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  readCommandLine(HELP, {});
  const { rows, notes } = await benchWorkers();
  console.log([machine(), table(WORKERS_HEADER, rows), ...notes].join('\n\n'));
  process.exit(0);
}
