import { Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { StoryError } from '../errors.ts';
import { EVENT_WAIT_MS, MAX_EVENTS, type QueueConnection, TAKEOVER } from './connection.ts';
import { redisLimits } from './redis-limits.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_PAUSE_MS = 2_000;

/**
 * Connects to Redis.
 *
 * @throws StoryError `configuration` when nobody answers at the address, or it would throw stories away.
 */
export async function openRedis(url: string, prefix: string, logger: Logger): Promise<QueueConnection> {
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS),
    // BullMQ's blocking commands wait for as long as it takes.
    maxRetriesPerRequest: null,
  };
  const logged = once(logger);
  const connect = (extra: { enableOfflineQueue?: boolean } = {}) => {
    const client = new Redis(url, { ...options, ...extra });
    client.on('error', logged);
    return client;
  };

  await probe(url, logger);
  // A producer answers a person: it fails at once while Redis is away, instead of queueing in memory.
  const producing = connect({ enableOfflineQueue: false });
  const consuming = connect();
  await new Promise<void>((resolve) => producing.once('ready', () => resolve()));

  const watch = <T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(
    object: T,
  ): T => {
    object.on('error', logged);
    return object;
  };
  return {
    backend: 'redis',
    queue: (name, extra) =>
      watch(
        new Queue(name, {
          connection: producing,
          prefix,
          streams: { events: { maxLen: MAX_EVENTS } },
          ...extra,
        }),
      ),
    worker: (name, processor, extra) =>
      watch(new Worker(name, processor, { connection: consuming, prefix, ...TAKEOVER, ...extra })),
    events: (name) =>
      watch(new QueueEvents(name, { connection: consuming, prefix, blockingTimeout: EVENT_WAIT_MS })),
    producer: (name) => watch(new QueueEventsProducer(name, { connection: producing, prefix })),
    limits: async () => redisLimits(producing, prefix),
    deleteEvents: async (name, before) => {
      // A stream entry's id begins with the time it was added.
      await producing.xtrim(`${prefix}:${name}:events`, 'MINID', before);
    },
    close: async () => {
      producing.disconnect();
      consuming.disconnect();
    },
  };
}

/** One connection that is allowed to fail, so that a wrong address is an error and not a wait. */
async function probe(url: string, logger: Logger): Promise<void> {
  let reason = 'no answer';
  let client: Redis | undefined;
  try {
    client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    client.on('error', (error) => {
      reason = error.message;
    });
    await client.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1];
    if (policy && policy !== 'noeviction') {
      logger.warn(
        { policy },
        'Redis may throw stories away when its memory is full: set maxmemory-policy to noeviction',
      );
    }
  } catch (error) {
    const address = safeAddress(url);
    const why = client ? reason : (error as Error).message;
    throw new StoryError(
      'configuration',
      `Redis at ${address} cannot be used (${why}). Check REDIS_URL and that the server runs, ` +
        'or unset REDIS_URL to use the embedded queue.',
      { cause: error },
    );
  } finally {
    client?.disconnect();
  }
}

/** The address without user and password. */
function safeAddress(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return 'the given address';
  }
}

/** Logs an error when it is not the one just logged: a Redis that is away says so on every connection. */
function once(logger: Logger): (error: Error) => void {
  let last = '';
  let at = 0;
  return (error) => {
    const now = Date.now();
    if (error.message === last && now - at < 10_000) return;
    last = error.message;
    at = now;
    logger.warn({ reason: error.message }, 'queue connection');
  };
}
