/**
 * Jobs that drive what is written together. Each thing, such as a vote, has a record elsewhere and one job here. A
 * processor drives it as far as it goes now; then the job waits in the queue until the next step is due, so that any
 * process takes that step on time. The job's lock lets one process at a time drive a thing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, type Queue, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import { sentences } from './admission/settings.ts';
import type { QueueConnection } from './connection.ts';
import { HandedOverError, JobLocks } from './job-locks.ts';
import { atOnce } from './job-queue.ts';
import { outlast } from './outage.ts';

/**
 * Attempts at a step that a platform refuses for the moment: over an hour. The pause stays short, so that a thing goes on
 * soon after the platform does, also when it has had failures before.
 */
const ATTEMPTS = 260;
const FIRST_RETRY_DELAY_MS = 500;
const LONGEST_RETRY_DELAY_MS = 15_000;
const BACKOFF = 'growing';
const CONCURRENCY = 200;
/** Attempts to wake a job that is active: it reads the record itself, unless it is just about to wait. */
const WAKE_ATTEMPTS = 40;
const WAKE_INTERVAL_MS = 250;

/** What a processor needs to drive a thing. */
export interface Turn {
  readonly id: string;
  /** Aborted when this process must stop. */
  readonly signal: AbortSignal;
  /** Makes sure that no other process drives the thing; rejects with the signal's reason. */
  readonly confirm: () => Promise<void>;
}

/**
 * Drives a thing as far as it goes now. Every step can be repeated.
 *
 * @returns when to go on, in ms from now; undefined when nothing is left to do
 * @throws an error after which another attempt may succeed
 */
export type Driver = (turn: Turn) => Promise<number | undefined>;

export interface DrivenJobsOptions {
  readonly connection: QueueConnection;
  /** The name of the queue. */
  readonly name: string;
  /** Whether a thing that has no job needs one. */
  readonly isUnfinished: (id: string) => Promise<boolean>;
  /** Ends a thing whose next step has failed in all attempts. May be called several times. */
  readonly giveUp: (id: string) => Promise<void>;
  readonly logger: Logger;
}

export class DrivenJobs {
  readonly name: string;
  readonly #options: DrivenJobsOptions;
  readonly #queue: Queue;
  /** Jobs that are being woken. */
  readonly #waking = new Set<string>();
  readonly #closed = new AbortController();
  #worker: Worker | undefined;
  #locks: JobLocks | undefined;

  constructor(options: DrivenJobsOptions) {
    this.name = options.name;
    this.#options = options;
    this.#queue = options.connection.queue(this.name, {
      defaultJobOptions: { attempts: ATTEMPTS, backoff: { type: BACKOFF }, removeOnComplete: true },
    });
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /**
   * Adds the job of a thing. One that exists stays, and one that has failed in all attempts is tried again.
   *
   * @throws StoryError `queue_unavailable` with a sentence
   */
  async add(id: string): Promise<void> {
    const add = async () => {
      const job = await this.#queue.add('drive', {}, { jobId: id });
      if (await job.isFailed()) await job.retry('failed');
    };
    await atOnce(add(), sentences.unavailable);
  }

  /** Whether the step of a thing has failed in all attempts. */
  async hasFailed(id: string): Promise<boolean> {
    return (await this.#queue.getJobState(id)) === 'failed';
  }

  /** Takes a thing up whose process was lost before it added the job, or before it gave the thing up. */
  async restore(id: string): Promise<void> {
    const { isUnfinished, giveUp } = this.#options;
    if (!(await isUnfinished(id))) return;
    const state = await this.#queue.getJobState(id);
    if (state === 'unknown') await this.add(id);
    else if (state === 'failed') await giveUp(id);
  }

  /** Makes a waiting job go on now. One that is active reads the record itself, before it waits. Never rejects. */
  async wake(id: string): Promise<void> {
    if (this.#waking.has(id)) return;
    this.#waking.add(id);
    const { signal } = this.#closed;
    try {
      for (let attempt = 0; attempt < WAKE_ATTEMPTS && !signal.aborted; attempt++) {
        const job = await this.#queue.getJob(id);
        // It ended just before the record was changed.
        if (!job) return await this.restore(id);
        if (await job.isDelayed()) {
          // A change from now on wakes the job again.
          this.#waking.delete(id);
          return await job.promote();
        }
        await sleep(WAKE_INTERVAL_MS, undefined, { signal });
      }
    } catch {
      // Another process has woken it, or the queue cannot be reached: the next step is taken on time nevertheless.
    } finally {
      this.#waking.delete(id);
    }
  }

  /** Lets this process drive. */
  work(drive: Driver): void {
    const { connection, giveUp, logger } = this.#options;
    const process = (job: Job, token?: string) => this.#process(job, token!, drive);
    const settings = { backoffStrategy: retryDelayMs };
    this.#worker = connection.worker(this.name, process, { concurrency: CONCURRENCY, settings });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('failed', (job, error) => {
      if (!job) return;
      logger.warn({ job: job.id, reason: error.message }, 'a step failed, and is tried again');
      // If this fails, `restore` makes up for it.
      if (job.finishedOn !== undefined) giveUp(job.id!).catch(() => {});
    });
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts();
  }

  /** Removes jobs that failed in all attempts longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#queue.clean(ageMs, 0, 'failed');
  }

  /** Takes no more jobs, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    this.#closed.abort();
    const closing = this.#worker?.close();
    this.#locks?.handOver();
    await closing?.finally(() => this.#locks?.close());
    await this.#queue.close();
  }

  async #process(job: Job, token: string, drive: Driver): Promise<void> {
    const lock = await this.#locks!.take(job, token);
    const { signal } = lock.abort;
    const confirm = () => outlast(() => this.#locks!.confirm(lock), signal);
    let waitMs: number | undefined;
    try {
      waitMs = await drive({ id: job.id!, signal, confirm });
      if (waitMs !== undefined) await outlast(() => job.moveToDelayed(Date.now() + waitMs!, token), signal);
    } catch (error) {
      if (signal.reason instanceof HandedOverError) return await this.#locks!.handBack(lock);
      throw error;
    } finally {
      lock.end();
    }
    if (waitMs !== undefined) throw new DelayedError();
  }
}

/** @param attempts that have failed */
function retryDelayMs(attempts: number): number {
  return Math.min(LONGEST_RETRY_DELAY_MS, FIRST_RETRY_DELAY_MS * 2 ** (attempts - 1));
}
