/** One reader of a queue's event stream per process, which passes each event to the followers of its job. */
import type { QueueEvents } from 'bullmq';

export type JobEvent =
  | { readonly type: 'progress'; readonly data: unknown }
  /** Completed, failed or removed: the follower reads the job. */
  | { readonly type: 'ended' }
  /** A user requested a stop. */
  | { readonly type: 'stop' };

export type JobListener = (event: JobEvent) => void;

/** The event, besides BullMQ's own, that tells a running job to stop. */
export const STOP_EVENT = 'stop-requested';

/** A job without an event for this long is read again. */
const READ_INTERVAL_MS = 3_000;

export class JobEvents {
  readonly #events: QueueEvents;
  readonly #listeners = new Map<string, Set<JobListener>>();
  /** Timers of `followAndRead`, until the follower ends or this closes. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(events: QueueEvents) {
    this.#events = events;
    const ended = ({ jobId }: { jobId: string }) => this.#tell(jobId, { type: 'ended' });
    events.on('progress', ({ jobId, data }) => this.#tell(jobId, { type: 'progress', data }));
    events.on('completed', ended);
    events.on('failed', ended);
    events.on('removed', ended);
    this.onCustom(STOP_EVENT, ({ jobId }) => this.#tell(String(jobId), { type: 'stop' }));
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
   * Follows one job, and calls `read` to make up for lost events: after every silence of `READ_INTERVAL_MS`.
   *
   * @returns the function that ends it
   */
  followAndRead(jobId: string, listener: JobListener, read: () => void): () => void {
    let heard = false;
    const unfollow = this.follow(jobId, (event) => {
      heard = true;
      listener(event);
    });
    const timer = setInterval(() => {
      if (!heard) read();
      heard = false;
    }, READ_INTERVAL_MS);
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
      unfollow();
    };
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

  #tell(jobId: string, event: JobEvent): void {
    for (const listener of this.#listeners.get(jobId) ?? []) listener(event);
  }
}
