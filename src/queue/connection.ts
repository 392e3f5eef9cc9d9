/**
 * The interface between the queue and its backends. Two files implement it, `redis/connection.ts` and
 * `embedded/connection.ts`; everything else is the same BullMQ code on both.
 */
import type {
  Processor,
  Queue,
  QueueEvents,
  QueueEventsProducer,
  QueueOptions,
  Telemetry,
  Worker,
  WorkerOptions,
} from 'bullmq';
import type { StoryError } from '../errors.ts';
import type { LimitStore } from './admission/store.ts';
import type { FeedbackStore } from './feedback-store.ts';
import type { RecordStore } from './records/store.ts';
import type { ShelfStore } from './shelf/store.ts';
import type { VoteStore } from './votes/store.ts';

/**
 * Events kept per queue: enough for every follower to catch up, few enough that story text is deleted soon.
 */
export const MAX_EVENTS = 10_000;
/** A follower re-reads the event stream at least this often, even if a notification was lost. */
export const EVENT_WAIT_MS = 1_000;

/** Settings that limit a takeover after a crash to seconds; measured, see the story contract in docs. */
export const TAKEOVER = {
  lockDuration: 5_000,
  stalledInterval: 2_500,
  /**
   * Lost workers do not fail a story: it fails by lack of progress (see story-worker.ts), never by this
   * count.
   */
  maxStalledCount: 1_000_000,
  /** Pause before a failed write to the queue is retried; BullMQ's 15 s would outlast the lock. */
  runRetryDelay: 1_000,
} as const;

export type SharedWorkerOptions = Pick<WorkerOptions, 'concurrency' | 'autorun' | 'settings'>;
export type SharedQueueOptions = Pick<QueueOptions, 'defaultJobOptions' | 'settings'>;

export interface QueueConnection {
  readonly backend: 'redis' | 'embedded';
  /**
   * Resolves when the queues are permanently lost and only a restart can help. An unreachable Redis is waited
   * for instead.
   */
  readonly lost: Promise<StoryError>;
  queue<Data, Result>(name: string, options?: SharedQueueOptions): Queue<Data, Result>;
  worker<Data, Result>(
    name: string,
    processor: Processor<Data, Result>,
    options: SharedWorkerOptions,
  ): Worker<Data, Result>;
  events(name: string): QueueEvents;
  producer(name: string): QueueEventsProducer;
  /** The storage that limits are counted in. */
  limits(): Promise<LimitStore>;
  /** The storage of users' feedback. */
  feedback(): Promise<FeedbackStore>;
  /** The storage of records of one kind, such as `relays`. */
  records(kind: string): Promise<RecordStore>;
  /** The storage of votes. */
  votes(): Promise<VoteStore>;
  /** The storage of the works of channels. */
  shelf(): Promise<ShelfStore>;
  /** Deletes a queue's events from before `before` (ms since 1970): they hold story text. */
  deleteEvents(queueName: string, before: number): Promise<void>;
  /** Closes what this connection opened; the caller closes its queues and workers first. */
  close(): Promise<void>;
}

/** Credentials and certificates for Redis besides its address. */
export interface RedisSecurity {
  /** PEM files: the authority of the servers' certificates, and this client's own certificate and key. */
  readonly files?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Credentials for sentinels, separate from those of the servers that they watch. */
  readonly sentinel?: { readonly username?: string; readonly password?: string };
}

export interface ConnectionSettings {
  /** Address as `redis/address.ts` parses it; undefined for the embedded default. */
  readonly redisUrl: string | undefined;
  readonly redisSecurity?: RedisSecurity;
  /** Folder of the embedded default. */
  readonly dataFolder: string;
  /** Namespace of all keys, so that several bots can share a Redis. */
  readonly prefix: string;
  /** Traces of the queues' operations; undefined for none. */
  readonly telemetry?: Telemetry;
  /** Called when the rest of the opening takes place elsewhere: a caller that is busy then does not delay it. */
  readonly underWay?: () => void;
}
