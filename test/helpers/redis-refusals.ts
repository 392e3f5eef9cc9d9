/**
 * The ways in which a Redis that answers refuses commands, each provoked in a real server. A refusal by name
 * lasts until the returned function is called.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, until } from './programs.ts';

/** By the first word of the server's errors. */
export const REFUSALS = {
  OOM: 'its memory is full under `noeviction`',
  READONLY: 'it has become a replica, as after a failover',
  NOREPLICAS: 'too few replicas follow it',
  MISCONF: 'it cannot save to its disk',
  MASTERDOWN: 'it is a replica that has lost its master, and serves no stale data',
  BUSY: 'a script of another client runs without end',
  LOADING: 'it reloads its data',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** Arguments with which a server can be made to refuse. */
export const REFUSING_SERVER: readonly string[] = [
  ...['--busy-reply-threshold', '100', '--enable-debug-command', 'yes'],
  ...['--loading-process-events-interval-bytes', '1024'],
];

const DUMP_FILE = 'dump.rdb';
const ENDLESS_SCRIPT = 'while true do end';

/**
 * Makes a server of this machine refuse; resolves when it does.
 *
 * @param forMs the intended duration: needed by LOADING alone, which ends by itself
 * @returns a function that ends the refusals, and resolves when the server serves again
 */
export async function refuse(port: number, refusal: Refusal, forMs: number): Promise<() => Promise<void>> {
  const admin = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null });
  admin.on('error', () => {});
  // Commands that should be refused are sent on a separate connection.
  const probe = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null });
  probe.on('error', () => {});
  await Promise.all([admin.ping(), probe.ping()]);
  const answer = (act: Promise<unknown>) => act.then(String, (error: Error) => error.message);
  const written = () => answer(probe.set('probe-of-a-test', '1', 'PX', 1));
  // A read-only replica answers with that error first.
  const asked = () => (refusal === 'MASTERDOWN' ? answer(probe.exists('probe-of-a-test')) : written());
  const end = await begin(admin, port, refusal, forMs);
  await until(async () => (await asked()).startsWith(refusal), refusal);
  return async () => {
    await end();
    await until(async () => (await written()) === 'OK', `the end of ${refusal}`);
    admin.disconnect();
    probe.disconnect();
  };
}

async function begin(
  admin: Redis,
  port: number,
  refusal: Refusal,
  forMs: number,
): Promise<() => Promise<unknown>> {
  const set = (...settings: string[]) => admin.call('CONFIG', 'SET', ...settings);
  switch (refusal) {
    case 'OOM':
      await set('maxmemory', '1');
      return () => set('maxmemory', '0');
    case 'READONLY':
      await admin.call('REPLICAOF', '127.0.0.1', String(await freePort()));
      return () => admin.call('REPLICAOF', 'NO', 'ONE');
    case 'NOREPLICAS':
      await set('min-replicas-to-write', '1');
      return () => set('min-replicas-to-write', '0');
    case 'MISCONF': {
      await set('save', '3600 100000');
      const [, folder] = (await admin.config('GET', 'dir')) as [string, string];
      // A folder in the position of the file cannot be replaced.
      const obstacle = join(folder, DUMP_FILE);
      await mkdir(join(obstacle, 'full'), { recursive: true });
      await admin.bgsave();
      return async () => {
        await rm(obstacle, { recursive: true });
        await admin.bgsave();
      };
    }
    case 'MASTERDOWN':
      await set('replica-serve-stale-data', 'no');
      await admin.call('REPLICAOF', '127.0.0.1', String(await freePort()));
      return () => admin.call('REPLICAOF', 'NO', 'ONE');
    case 'BUSY': {
      const looping = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null });
      const ended = looping.eval(ENDLESS_SCRIPT, 0).catch(() => {});
      return async () => {
        await admin.call('SCRIPT', 'KILL');
        await ended;
        looping.disconnect();
      };
    }
    case 'LOADING': {
      const keys = Number(await admin.call('DBSIZE'));
      await set('key-load-delay', String(Math.round((forMs * 1_000) / Math.max(1, keys))));
      const loaded = admin.call('DEBUG', 'RELOAD');
      return async () => {
        await loaded;
        await set('key-load-delay', '0');
      };
    }
  }
}
