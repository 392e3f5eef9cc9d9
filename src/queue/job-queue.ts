/**
 * A queue as processes see it that add jobs to it and follow them. One reader of the queue's event stream per
 * process passes each event to the followers of its job.
 */
import type { Job, JobsOptions, Queue, QueueEvents, QueueEventsProducer } from 'bullmq';
import { StoryError } from '../errors.ts';
import { MAX_EVENTS, type QueueConnection } from './connection.ts';

export type JobEvent =
  | { readonly type: 'progress'; readonly data: unknown }
  | { readonly type: 'completed'; readonly result: unknown }
  /** Failed or removed: the follower reads the job. */
  | { readonly type: 'ended' }
  /** A user requested a stop. */
  | { readonly type: 'stop' };

export type JobListener = (event: JobEvent) => void;

/** How a follower learns a job's states, and which is the last. */
export interface JobSource<State> {
  /** The state in a progress event. */
  fromProgress(data: unknown): State;
  /** The state of a job that was completed with this result. */
  fromResult(result: unknown): State;
  /** Reads the present state; undefined for a job that is unknown. */
  read(): Promise<State | undefined>;
  isLast(state: State): boolean;
}

/** The event, besides BullMQ's own, that tells a running job to stop. */
const STOP_EVENT = 'stop-requested';
/** A job without an event for this long is read again. */
const READ_INTERVAL_MS = 3_000;

export class JobEvents {
  readonly #events: QueueEvents;
  readonly #listeners = new Map<string, Set<JobListener>>();
  /** Timers of `followStates`, until the follower ends or this closes. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(events: QueueEvents) {
    this.#events = events;
    const ended = ({ jobId }: { jobId: string }) => this.#notify(jobId, { type: 'ended' });
    events.on('progress', ({ jobId, data }) => this.#notify(jobId, { type: 'progress', data }));
    events.on('completed', ({ jobId, returnvalue }) =>
      this.#notify(jobId, { type: 'completed', result: returnvalue }),
    );
    events.on('failed', ended);
    events.on('removed', ended);
    this.onCustom(STOP_EVENT, ({ jobId }) => this.#notify(String(jobId), { type: 'stop' }));
  }

  /**
   * Follows one job from now on; returns the function that ends it. Earlier events have to be read from the
   * job.
   */
  follow(jobId: string, listener: JobListener): () => void {
    const listeners = this.#listeners.get(jobId) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(jobId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(jobId);
    };
  }

  /**
   * Follows one job's states until its last one. The job is read when it has failed, and after every silence
   * of `READ_INTERVAL_MS`, which makes up for lost events.
   *
   * @returns functions that end it, that read the job now, and that pass a state on
   */
  followStates<State>(jobId: string, source: JobSource<State>, listener: (state: State) => void) {
    let over = false;
    let isSilent = true;
    const pass = (state: State) => {
      if (over) return;
      if (source.isLast(state)) end();
      listener(state);
    };
    // A read that fails (the queue is unreachable) is made up for by the next one.
    const readNow = () => {
      source.read().then(
        (state) => state !== undefined && pass(state),
        () => {},
      );
    };
    const unfollow = this.follow(jobId, (event) => {
      isSilent = false;
      if (event.type === 'progress') pass(source.fromProgress(event.data));
      else if (event.type === 'completed') pass(source.fromResult(event.result));
      else if (event.type === 'ended') readNow();
    });
    const timer = setInterval(() => {
      if (isSilent) readNow();
      isSilent = true;
    }, READ_INTERVAL_MS);
    this.#timers.add(timer);
    const end = () => {
      over = true;
      clearInterval(timer);
      this.#timers.delete(timer);
      unfollow();
    };
    return { end, readNow, pass };
  }

  /** Listens to a custom event, published through a `QueueEventsProducer`. */
  onCustom(name: string, listener: (fields: Record<string, unknown>) => void): void {
    type AnyEvents = { on(name: string, listener: (fields: Record<string, unknown>) => void): void };
    (this.#events as unknown as AnyEvents).on(name, listener);
  }

  /** Resolves when events arrive: a job added afterwards can be followed without a gap. */
  async ready(): Promise<void> {
    await this.#events.waitUntilReady();
  }

  /** Remaining followers receive no more events and read no more. */
  close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    return this.#events.close();
  }

  #notify(jobId: string, event: JobEvent): void {
    for (const listener of this.#listeners.get(jobId) ?? []) listener(event);
  }
}

/** A queue of jobs that can be stopped, with its events. */
export class JobQueue<Data extends { readonly stop?: boolean }, Result> {
  readonly name: string;
  readonly events: JobEvents;
  protected readonly queue: Queue<Data, Result>;
  protected readonly producer: QueueEventsProducer;

  constructor(connection: QueueConnection, name: string, defaultJobOptions: JobsOptions) {
    this.name = name;
    this.queue = connection.queue(name, { defaultJobOptions });
    this.producer = connection.producer(name);
    this.events = new JobEvents(connection.events(name));
  }

  async ready(): Promise<void> {
    await Promise.all([this.queue.waitUntilReady(), this.producer.waitUntilReady(), this.events.ready()]);
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.queue.getJobCounts();
  }

  /** Removes jobs that ended longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.queue.clean(ageMs, 0, 'completed');
    await this.queue.clean(ageMs, 0, 'failed');
  }

  async close(): Promise<void> {
    await Promise.all([this.events.close(), this.producer.close(), this.queue.close()]);
  }

  /** Tells a job's processor, the present one by an event or the next one by the job's data, to stop. */
  protected async requestStop(job: Job<Data, Result>): Promise<void> {
    await job.updateData({ ...job.data, stop: true });
    await this.producer.publishEvent({ eventName: STOP_EVENT, jobId: job.id! }, MAX_EVENTS);
  }
}

/**
 * Awaits the queue's answer to a user's request, which fails at once.
 *
 * @throws StoryError `queue_unavailable` with this sentence
 */
export async function atOnce<T>(answer: Promise<T>, sentence: string): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StoryError('queue_unavailable', sentence, { cause });
  }
}
