/**
 * What the rest of the queue needs from the place where the queues live. Two files fulfil it, `redis/connection.ts` and
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

/** Events kept per queue: enough for every follower to catch up, few enough that text does not linger. */
export const MAX_EVENTS = 10_000;
/** A follower re-reads the event stream at least this often, even if a wake-up was lost. */
export const EVENT_WAIT_MS = 1_000;

/** Settings that make a takeover after a crash last seconds; measured, see the story contract in docs. */
export const TAKEOVER = {
  lockDuration: 5_000,
  stalledInterval: 2_500,
  /** Kills are not the story's fault: it fails by lack of progress (see worker.ts), never by this count. */
  maxStalledCount: 1_000_000,
  /** Pause before a failed write to the queue is tried again; BullMQ's 15 s would outlast the lock. */
  runRetryDelay: 1_000,
} as const;

export type SharedWorkerOptions = Pick<WorkerOptions, 'concurrency' | 'autorun' | 'settings'>;
export type SharedQueueOptions = Pick<QueueOptions, 'defaultJobOptions' | 'settings'>;

export interface QueueConnection {
  readonly backend: 'redis' | 'embedded';
  /** Resolves when the queues are gone for good, and only another start can help. Redis is waited for instead. */
  readonly lost: Promise<StoryError>;
  queue<Data, Result>(name: string, options?: SharedQueueOptions): Queue<Data, Result>;
  worker<Data, Result>(
    name: string,
    processor: Processor<Data, Result>,
    options: SharedWorkerOptions,
  ): Worker<Data, Result>;
  events(name: string): QueueEvents;
  producer(name: string): QueueEventsProducer;
  /** What limits are counted in. */
  limits(): Promise<LimitStore>;
  /** Deletes a queue's events from before `before` (ms since 1970): they hold story text. */
  deleteEvents(queueName: string, before: number): Promise<void>;
  /** Closes what this connection opened; whoever took a queue or a worker from it closes that first. */
  close(): Promise<void>;
}

/** What a Redis asks for besides its address. */
export interface RedisSecurity {
  /** Files in PEM: who signs the servers' certificates, and what this client shows of itself. */
  readonly files?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How to sign in with sentinels, apart from the servers that they watch. */
  readonly sentinel?: { readonly username?: string; readonly password?: string };
}

export interface ConnectionSettings {
  /** Address as `redis/address.ts` reads it; undefined for the embedded default. */
  readonly redisUrl: string | undefined;
  readonly redisSecurity?: RedisSecurity;
  /** Folder of the embedded default. */
  readonly dataFolder: string;
  /** Namespace of all keys, so that several bots can share a Redis. */
  readonly prefix: string;
  /** Traces of what the queues do; undefined for none. */
  readonly telemetry?: Telemetry;
}
