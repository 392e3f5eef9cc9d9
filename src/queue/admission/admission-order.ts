/**
 * Admission order of one requester's replies: a reply that has to wait is parked in the queue, where it takes
 * no processor from others, and is woken when the one before it has ended.
 */
import { DelayedError, type Queue } from 'bullmq';
import type { Logger } from 'pino';
import type { JobEvents } from '../job-events.ts';
import { leaseOf } from '../old-records.ts';
import type { ReplyJob, ReplyJobData, ReplyRecord } from '../reply-job.ts';
import type { Admissibility, Limits, LookUp } from './limits.ts';

/** A parked job is checked this often: the process that should wake it may have been lost. */
const LOOK_INTERVAL_MS = 10_000;
/** For a reply without a lease, which no limit counts. */
const AT_ONCE: Admissibility = { mayBegin: true, ahead: 0 };

/** Thrown by a processor whose reply has to wait: the job is retried when the reply may begin. */
export class Deferred extends Error {
  override readonly name = 'HeldBack';
}

export interface AdmissionOrderOptions<Handle> {
  readonly queue: Queue<ReplyJobData<Handle>>;
  readonly events: JobEvents;
  /** Undefined where every reply may begin at once. */
  readonly limits: Pick<Limits, 'admissibility' | 'leave'> | undefined;
  readonly lookUp: LookUp;
  /**
   * Puts a reply back that the queue has lost; undefined for a queue that loses none while this process
   * lives.
   */
  readonly restore: ((job: ReplyJob<Handle>, record: ReplyRecord | undefined) => Promise<void>) | undefined;
  readonly logger: Logger;
}

/** A reply that this process has parked; if the queue loses it, no other process knows of it. */
interface ParkedJob<Handle> {
  readonly job: ReplyJob<Handle>;
  readonly record: ReplyRecord | undefined;
  readonly unfollow: () => void;
}

export class AdmissionOrder<Handle> {
  readonly #options: AdmissionOrderOptions<Handle>;
  readonly #parked = new Map<string, ParkedJob<Handle>>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: AdmissionOrderOptions<Handle>) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), LOOK_INTERVAL_MS).unref();
  }

  /** Whether a reply may begin, and how many come before it. */
  of({ id, data }: ReplyJob<Handle>): Promise<Admissibility> {
    const { limits, lookUp } = this.#options;
    const lease = leaseOf(data);
    return lease && limits ? limits.admissibility(id!, lease, lookUp) : Promise.resolve(AT_ONCE);
  }

  /**
   * Parks a reply until it may begin.
   *
   * @param record the record stored last
   */
  async park(
    job: ReplyJob<Handle>,
    token: string | undefined,
    record: ReplyRecord | undefined,
  ): Promise<never> {
    const id = job.id!;
    const unfollow = this.#options.events.follow(id, ({ type }) => {
      if (type === 'ended') this.#forget(id);
    });
    try {
      await job.moveToDelayed(Date.now() + LOOK_INTERVAL_MS, token);
    } catch (error) {
      unfollow();
      await this.#options.restore?.(job, record);
      throw error;
    }
    this.#forget(id);
    if (this.#options.restore) this.#parked.set(id, { job, record, unfollow });
    else unfollow();
    // The reply before it may have ended in between, before there was a parked job to wake.
    const { mayBegin } = await this.of(job).catch(() => ({ mayBegin: false }));
    if (mayBegin) await this.wake(id).catch(() => {});
    throw new DelayedError();
  }

  /** Makes a parked reply's job available at once; does nothing to a job that is not parked. */
  async wake(id: string): Promise<void> {
    const job = await this.#options.queue.getJob(id);
    await job?.promote().catch(() => {});
  }

  /** Gives back an ended reply's lease, and wakes the requester's next reply. */
  async pass({ id, data }: ReplyJob<Handle>): Promise<void> {
    const { limits, logger } = this.#options;
    const lease = leaseOf(data);
    if (!lease || !limits) return;
    try {
      const next = await limits.leave(id!, lease);
      if (next !== undefined) await this.wake(next);
    } catch (error) {
      // The next admission that needs its room detects the stale entry.
      logger.warn({ reply: id, reason: (error as Error).message }, 'a place was not given back');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const id of this.#parked.keys()) this.#forget(id);
  }

  #forget(id: string): void {
    this.#parked.get(id)?.unfollow();
    this.#parked.delete(id);
  }

  /** Checks whether the parked jobs still exist: a Redis that lost its data has lost them, too. */
  async #look(): Promise<void> {
    const { queue, restore, logger } = this.#options;
    for (const [id, parkedJob] of this.#parked) {
      try {
        const state = await queue.getJobState(id);
        if (state === 'delayed' || this.#parked.get(id) !== parkedJob) continue;
        this.#forget(id);
        if (state === 'unknown') await restore?.(parkedJob.job, parkedJob.record);
      } catch (error) {
        logger.warn({ reply: id, reason: (error as Error).message }, 'a reply that waits was not found');
        return;
      }
    }
  }
}
