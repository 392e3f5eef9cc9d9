/**
 * Admission order of one requester's replies: a reply that has to wait is parked in the queue, where it takes
 * no processor from others, and is woken when the one before it has ended.
 */
import { DelayedError, type Job, type Queue } from 'bullmq';
import type { Logger } from 'pino';
import type { JobEvents } from '../job-queue.ts';
import type { Admissibility, Limits, LookUp } from './limits.ts';
import type { Lease } from './store.ts';

/** A parked job is checked this often: the process that should wake it may have been lost. */
const CHECK_INTERVAL_MS = 10_000;
/** For a reply without a lease, which no limit counts. */
const AT_ONCE: Admissibility = { mayBegin: true, ahead: 0 };

/** Thrown by a processor whose reply has to wait: the job is retried when the reply may begin. */
export class Deferred extends Error {
  override readonly name = 'Deferred';
}

export interface AdmissionOrderOptions {
  readonly queue: Pick<Queue, 'getJob' | 'getJobState'>;
  readonly events: JobEvents;
  /** Undefined where every reply may begin at once. */
  readonly limits: Pick<Limits, 'admissibility' | 'leave'> | undefined;
  readonly lookUp: LookUp;
  /** Whether the queue can lose jobs while this process lives, as a Redis that restarts without its data. */
  readonly losesJobs: boolean;
  readonly logger: Logger;
}

/** A reply that this process has parked; if the queue loses it, no other process can put it back. */
interface ParkedJob {
  readonly restore: () => Promise<void>;
  readonly unfollow: () => void;
}

export class AdmissionOrder {
  readonly #options: AdmissionOrderOptions;
  readonly #parked = new Map<string, ParkedJob>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: AdmissionOrderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#restoreLost(), CHECK_INTERVAL_MS).unref();
  }

  /** Whether a reply may begin, and how many come before it. */
  async of(id: string, lease: Lease | undefined): Promise<Admissibility> {
    const { limits, lookUp } = this.#options;
    return lease && limits ? limits.admissibility(id, lease, lookUp) : AT_ONCE;
  }

  /**
   * Parks a reply until it may begin.
   *
   * @param restore puts the reply back if the queue has lost it
   */
  async park(
    job: Job,
    token: string,
    lease: Lease | undefined,
    restore: () => Promise<void>,
  ): Promise<never> {
    const id = job.id!;
    const { events, losesJobs } = this.#options;
    const unfollow = events.follow(id, ({ type }) => {
      if (type === 'completed' || type === 'ended') this.#forget(id);
    });
    try {
      await job.moveToDelayed(Date.now() + CHECK_INTERVAL_MS, token);
    } catch (error) {
      unfollow();
      if (losesJobs) await restore();
      throw error;
    }
    this.#forget(id);
    if (losesJobs) this.#parked.set(id, { restore, unfollow });
    else unfollow();
    // The reply before it may have ended in between, before there was a parked job to wake.
    const { mayBegin } = await this.of(id, lease).catch(() => ({ mayBegin: false }));
    if (mayBegin) await this.#wake(id).catch(() => {});
    throw new DelayedError();
  }

  /** Gives back an ended reply's lease, and wakes the requester's next reply. */
  async pass(id: string, lease: Lease | undefined): Promise<void> {
    const { limits, logger } = this.#options;
    if (!lease || !limits) return;
    try {
      const next = await limits.leave(id, lease);
      if (next !== undefined) await this.#wake(next);
    } catch (error) {
      // The next admission that needs its room detects the stale entry.
      logger.warn({ reply: id, reason: (error as Error).message }, 'a lease was not given back');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const id of this.#parked.keys()) this.#forget(id);
  }

  /** Makes a parked reply's job available at once; does nothing to a job that is not parked. */
  async #wake(id: string): Promise<void> {
    const job = await this.#options.queue.getJob(id);
    await job?.promote().catch(() => {});
  }

  #forget(id: string): void {
    this.#parked.get(id)?.unfollow();
    this.#parked.delete(id);
  }

  /** Puts parked jobs back that are missing: a Redis that lost its data has lost them, too. */
  async #restoreLost(): Promise<void> {
    const { queue, logger } = this.#options;
    for (const [id, parked] of this.#parked) {
      try {
        const state = await queue.getJobState(id);
        if (state === 'delayed' || this.#parked.get(id) !== parked) continue;
        this.#forget(id);
        if (state === 'unknown') await parked.restore();
      } catch (error) {
        logger.warn({ reply: id, reason: (error as Error).message }, 'a parked reply could not be checked');
        return;
      }
    }
  }
}
