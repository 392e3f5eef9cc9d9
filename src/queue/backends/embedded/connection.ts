import type { ConnectionOptions, Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { StoryError } from '../../../errors.ts';
import {
  type ConnectionSettings,
  EVENT_WAIT_MS,
  MAX_EVENTS,
  type QueueConnection,
  TAKEOVER,
} from '../../connection.ts';
import { outlast } from '../../outage.ts';
import { EmbeddedDatabase, isDiskFull } from './database.ts';
import { embeddedFeedback } from './feedback.ts';
import { embeddedLimits } from './limits.ts';
import { embeddedRecords } from './records.ts';
import { embeddedShelf } from './shelf.ts';
import { embeddedVotes } from './votes.ts';

/**
 * Duration of a job's lock, in ms. No other process can take the job, and a start releases the last process's
 * locks; so the lock only has to outlast the longest delay of a renewal on a busy machine.
 */
const LOCK_MS = 120_000;

/** BullMQ's classes over Postgres, under the types they have over Redis: other modules see one interface. */
interface Classes {
  readonly Queue: typeof Queue;
  readonly Worker: typeof Worker;
  readonly QueueEvents: typeof QueueEvents;
  readonly QueueEventsProducer: typeof QueueEventsProducer;
}

/** Opens the embedded queue in a folder; `EmbeddedDatabase.open` lists the errors. */
export async function openEmbedded(
  {
    dataFolder: folder,
    telemetry,
    underWay,
  }: Pick<ConnectionSettings, 'dataFolder' | 'telemetry' | 'underWay'>,
  logger: Logger,
): Promise<QueueConnection> {
  const traced = telemetry && { telemetry };
  const database = await EmbeddedDatabase.open(folder, {
    info: (sentence) => logger.info(sentence),
    warn: (sentence) => logger.warn(sentence),
    ...(underWay && { underWay }),
  });
  // Not before: it takes longer to load than the database's thread takes to start.
  const { createPostgresBackend, withBackend } = await import('bullmq');
  const bullmq = withBackend(createPostgresBackend) as unknown as Classes;
  const connection = database as unknown as ConnectionOptions;
  const patient = patientPool(database) as unknown as ConnectionOptions;
  const watch = <T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(
    object: T,
  ): T => {
    // A permanent failure ends the process through `lost`; a lock that a busy machine renewed too late is
    // taken again.
    object.on('error', (error) => logger.warn({ reason: error.message }, 'embedded queue'));
    return object;
  };
  return {
    backend: 'embedded',
    lost: database.lost.then((error) => lost(folder, error)),
    queue: (name, extra) =>
      watch(
        new bullmq.Queue(name, {
          connection,
          streams: { events: { maxLen: MAX_EVENTS } },
          ...traced,
          ...extra,
        }),
      ),
    worker: (name, processor, extra) =>
      watch(
        new bullmq.Worker(name, processor, {
          connection: patient,
          ...TAKEOVER,
          lockDuration: LOCK_MS,
          ...traced,
          ...extra,
        }),
      ),
    events: (name) => watch(new bullmq.QueueEvents(name, { connection, blockingTimeout: EVENT_WAIT_MS })),
    producer: (name) => watch(new bullmq.QueueEventsProducer(name, { connection })),
    limits: () => embeddedLimits(database),
    feedback: () => embeddedFeedback(database),
    records: (kind) => embeddedRecords(database, kind),
    votes: () => embeddedVotes(database),
    shelf: () => embeddedShelf(database),
    deleteEvents: (name, before) => database.deleteEvents(name, before),
    close: () => database.end(),
  };
}

function lost(folder: string, cause: Error): StoryError {
  if (cause instanceof StoryError) return cause;
  const sentence = isDiskFull(cause)
    ? `The disk that holds ${folder} is full, and the embedded queue has stopped. Free some space`
    : `The embedded queue has stopped (${cause.message}). Fix that`;
  const promise = 'and start again: the stories in progress continue.';
  return new StoryError('queue_unavailable', `${sentence} ${promise}`, { cause });
}

/**
 * The database for work under way, which retries while the database refuses temporarily, as on a full disk.
 * Each of BullMQ's statements is a transaction of its own: a refused one has changed nothing.
 */
function patientPool(database: EmbeddedDatabase): EmbeddedDatabase {
  const query: EmbeddedDatabase['query'] = (sql, params) => outlast(() => database.query(sql, params));
  return new Proxy(database, {
    get(target, name) {
      if (name === 'query') return query;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
