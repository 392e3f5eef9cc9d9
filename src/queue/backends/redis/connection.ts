import { Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq';
import type { Logger } from 'pino';
import {
  type ConnectionSettings,
  EVENT_WAIT_MS,
  MAX_EVENTS,
  type QueueConnection,
  TAKEOVER,
} from '../../connection.ts';
import { keyPrefix, parseRedisUrl } from './address.ts';
import { createClient, readTarget } from './clients.ts';
import { redisFeedback } from './feedback.ts';
import { redisLimits } from './limits.ts';
import { outlastRefusals } from './patience.ts';
import { probeRedis } from './probe.ts';
import { redisRecords } from './records.ts';
import { redisShelf } from './shelf.ts';
import { redisVotes } from './votes.ts';

/**
 * Connects to Redis.
 *
 * @throws StoryError `queue_unavailable` when nothing answers at the address or the server refuses to write,
 *   which may pass; `configuration` when the server does not let this user in
 */
export async function openRedis(
  { redisUrl, redisSecurity, prefix, telemetry }: ConnectionSettings & { readonly redisUrl: string },
  logger: Logger,
): Promise<QueueConnection> {
  const target = await readTarget(parseRedisUrl(redisUrl), redisSecurity);
  const prefixOf = (name: string) => keyPrefix(target.address, prefix, name);
  const { evictions } = await probeRedis(target, prefix);
  if (evictions.length > 0) {
    logger.warn(
      { policy: evictions.join(', ') },
      'Redis may throw stories away when its memory is full: set maxmemory-policy to noeviction',
    );
  }
  const logged = once(logger);
  const connect = (queueOffline: boolean) => {
    const client = createClient(target, { queueOffline });
    client.on('error', logged);
    return client;
  };
  // A producer serves a waiting user: it fails at once while Redis is unreachable, instead of buffering in
  // memory.
  const producing = connect(false);
  const consuming = outlastRefusals(connect(true), logged);
  await new Promise<void>((resolve) => producing.once('ready', () => resolve()));

  const traced = telemetry && { telemetry };
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
          prefix: prefixOf(name),
          streams: { events: { maxLen: MAX_EVENTS } },
          ...traced,
          ...extra,
        }),
      ),
    worker: (name, processor, extra) =>
      watch(
        new Worker(name, processor, {
          connection: consuming,
          prefix: prefixOf(name),
          ...TAKEOVER,
          ...traced,
          ...extra,
        }),
      ),
    events: (name) =>
      watch(
        new QueueEvents(name, {
          connection: consuming,
          prefix: prefixOf(name),
          blockingTimeout: EVENT_WAIT_MS,
        }),
      ),
    producer: (name) =>
      watch(new QueueEventsProducer(name, { connection: producing, prefix: prefixOf(name) })),
    limits: async () => redisLimits(producing, prefixOf('limits')),
    feedback: async () => redisFeedback(producing, prefixOf('feedback')),
    records: async (kind) => redisRecords(producing, prefixOf('records'), kind),
    votes: async () => redisVotes(producing, prefixOf('votes')),
    shelf: async () => redisShelf(producing, prefixOf('shelf')),
    deleteEvents: async (name, before) => {
      // A stream entry's id begins with the time it was added.
      await producing.xtrim(`${prefixOf(name)}:${name}:events`, 'MINID', before);
    },
    close: async () => {
      producing.disconnect();
      consuming.disconnect();
    },
  };
}

/** Logs an error unless it repeats the last one: an unreachable Redis is reported by every connection. */
function once(logger: Logger): (error: Error) => void {
  let last = '';
  let at = 0;
  return ({ message }) => {
    const now = performance.now();
    // A refusal names the script that met it, which differs from command to command.
    const reason = message.replace(/ script: .*$/s, '').trim();
    if (reason === last && now - at < 10_000) return;
    last = reason;
    at = now;
    logger.warn({ reason }, 'queue connection');
  };
}
