import { Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq';
import { Redis, ReplyError } from 'ioredis';
import type { Logger } from 'pino';
import { StoryError } from '../errors.ts';
import { EVENT_WAIT_MS, MAX_EVENTS, type QueueConnection, TAKEOVER } from './connection.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_PAUSE_MS = 2_000;
/** A person waits for no longer than this: what has not been answered by then has failed. */
const ANSWER_TIMEOUT_MS = 4_000;
/**
 * A connection on which something was asked and nothing has come for so long is dead, whatever TCP thinks of
 * it. Longer than the longest wait for a job (10 s).
 */
const SILENCE_MS = 15_000;
/** A producer answers a person: it fails at once while Redis is away, instead of queueing in memory. */
const PRODUCING = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_TIMEOUT_MS,
  socketTimeout: ANSWER_TIMEOUT_MS,
};
/** Refusals of a Redis that is starting, or whose master has just changed: the next attempt may succeed. */
const PASSING = /^(LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY)\b/;

/**
 * Connects to Redis.
 *
 * @throws StoryError `queue_unavailable` when nobody answers at the address, which may pass; `configuration`
 *   when whoever answers refuses
 */
export async function openRedis(url: string, prefix: string, logger: Logger): Promise<QueueConnection> {
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, LONGEST_RECONNECT_PAUSE_MS),
    // BullMQ's blocking commands wait for as long as it takes.
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_MS,
  };
  const logged = once(logger);
  const connect = (extra: Partial<typeof PRODUCING> = {}) => {
    const client = new Redis(url, { ...options, ...extra });
    client.on('error', logged);
    return client;
  };

  await probe(url, logger);
  const producing = connect(PRODUCING);
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
    lost: new Promise(() => {}),
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
  let heard: Error | undefined;
  let client: Redis | undefined;
  try {
    client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    client.on('error', (error) => {
      heard = error;
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
    // The connection's own complaint says more than that it was closed.
    const cause = heard ?? (error as Error);
    throw new StoryError(
      client && mayPass(cause) ? 'queue_unavailable' : 'configuration',
      `Redis at ${safeAddress(url)} cannot be used (${cause.message}). Check REDIS_URL and that the server runs, ` +
        'or unset REDIS_URL to use the embedded queue.',
      { cause },
    );
  } finally {
    client?.disconnect();
  }
}

/** Whether it is the network or a moment of Redis's, and not an answer that will always be the same. */
function mayPass(error: Error): boolean {
  if (error instanceof ReplyError) return PASSING.test(error.message);
  // A certificate that is not accepted, or a server that does not speak TLS.
  return !/^ERR_|CERT/.test(String((error as NodeJS.ErrnoException).code));
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
    const now = performance.now();
    if (error.message === last && now - at < 10_000) return;
    last = error.message;
    at = now;
    logger.warn({ reason: error.message }, 'queue connection');
  };
}
