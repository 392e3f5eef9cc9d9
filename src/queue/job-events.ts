/**
 * One reader of a queue's event stream per process, handing each event to whoever follows that job.
 */
import type { QueueEvents } from 'bullmq';

export type JobEvent =
  | { readonly type: 'progress'; readonly data: unknown }
  /** Completed, failed or removed: whoever follows reads the job. */
  | { readonly type: 'ended' }
  /** Somebody asked it to stop. */
  | { readonly type: 'stop' };

export type JobListener = (event: JobEvent) => void;

/** The event, besides BullMQ's own, that tells a running job to stop. */
export const STOP_EVENT = 'stop-requested';

/** A job of which nothing was heard for this long is read anew. */
const READ_INTERVAL_MS = 3_000;

export class JobEvents {
  readonly #events: QueueEvents;
  readonly #listeners = new Map<string, Set<JobListener>>();
  /** Those who follow and read, until they or this end. */
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

  /** Follows one job from now on; returns the function that ends it. What was before now has to be read. */
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
   * Follows one job, and has `read` make up for events that were lost: it is called after every silence of
   * `READ_INTERVAL_MS`.
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

  /** Listens to an event of our own, published through a `QueueEventsProducer`. */
  onCustom(name: string, listener: (fields: Record<string, unknown>) => void): void {
    type AnyEvents = { on(name: string, listener: (fields: Record<string, unknown>) => void): void };
    (this.#events as unknown as AnyEvents).on(name, listener);
  }

  /** Resolves when events arrive: a job added afterwards can be followed without a gap. */
  async ready(): Promise<void> {
    await this.#events.waitUntilReady();
  }

  /** Whoever still follows hears and reads nothing more. */
  close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    return this.#events.close();
  }

  #tell(jobId: string, event: JobEvent): void {
    for (const listener of this.#listeners.get(jobId) ?? []) listener(event);
  }
}
