/**
 * The jobs that drive records, such as those of votes: one job for each record, which waits in the queue until its next
 * step is due, so that any process takes that step on time. A change of the record wakes the job earlier. The job's lock
 * lets one process at a time drive a record.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, type Queue, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import { sentences } from '../admission/settings.ts';
import type { QueueConnection } from '../connection.ts';
import { HandedOverError, JobLocks } from '../job-locks.ts';
import { atOnce } from '../job-queue.ts';
import { outlast } from '../outage.ts';

/**
 * Attempts at a step that a platform refuses for the moment: over an hour. The pause stays short, so that a record goes
 * on soon after the platform does, also when it has had failures before.
 */
const ATTEMPTS = 260;
const FIRST_RETRY_DELAY_MS = 500;
const LONGEST_RETRY_DELAY_MS = 15_000;
const BACKOFF = 'growing';
const CONCURRENCY = 200;
/** Attempts to wake a job that is active: it reads its record itself, unless it is just about to wait. */
const WAKE_ATTEMPTS = 40;
const WAKE_INTERVAL_MS = 250;

/** The process's hold on a record. */
export interface Hold {
  /** Aborted when another process is to drive the record. */
  readonly signal: AbortSignal;
  /** Asks the queue whether this process still holds the record; rejects with the signal's reason when it does not. */
  confirm(): Promise<void>;
}

/** What the jobs do with their records. */
export interface RecordDriver {
  /**
   * Drives a record as far as it goes now. Every step can be repeated.
   *
   * @returns when to go on, in ms from now; undefined when nothing is left to do
   * @throws an error after which another attempt may succeed
   */
  drive(id: string, hold: Hold): Promise<number | undefined>;
  /** Ends a record whose step has failed in all attempts. May be called several times. */
  giveUp(id: string): Promise<void>;
}

export class RecordJobs {
  readonly name: string;
  readonly #connection: QueueConnection;
  readonly #queue: Queue;
  readonly #isUnfinished: (id: string) => Promise<boolean>;
  readonly #logger: Logger;
  /** Records whose jobs are being woken. */
  readonly #waking = new Set<string>();
  readonly #closed = new AbortController();
  #driver: RecordDriver | undefined;
  #worker: Worker | undefined;
  #locks: JobLocks | undefined;

  /**
   * @param name of the queue
   * @param isUnfinished whether a record still has to be driven: a job of it must exist
   */
  constructor(
    connection: QueueConnection,
    name: string,
    isUnfinished: (id: string) => Promise<boolean>,
    logger: Logger,
  ) {
    this.name = name;
    this.#connection = connection;
    this.#isUnfinished = isUnfinished;
    this.#logger = logger;
    this.#queue = connection.queue(name, {
      defaultJobOptions: { attempts: ATTEMPTS, backoff: { type: BACKOFF }, removeOnComplete: true },
    });
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /**
   * Adds the job of a record. One that exists stays, and one that has failed in all attempts is tried again.
   *
   * @throws StoryError `queue_unavailable` with a sentence
   */
  async add(id: string): Promise<void> {
    const add = async () => {
      const job = await this.#queue.add('record', {}, { jobId: id });
      if (await job.isFailed()) await job.retry('failed');
    };
    await atOnce(add(), sentences.unavailable);
  }

  /** Whether the step of a record has failed in all attempts. */
  async hasFailed(id: string): Promise<boolean> {
    return (await this.#queue.getJobState(id)) === 'failed';
  }

  /** Takes a record up whose process was lost before it added the job, or before it gave the record up. */
  async restore(id: string): Promise<void> {
    if (!(await this.#isUnfinished(id))) return;
    const state = await this.#queue.getJobState(id);
    if (state === 'unknown') await this.add(id);
    else if (state === 'failed') await this.#driver?.giveUp(id);
  }

  /** Makes a waiting job go on now. One that is active reads its record itself, before it waits. Never rejects. */
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

  /** Lets this process drive records. */
  work(driver: RecordDriver): void {
    const process = (job: Job, token?: string) => this.#process(job, token!, driver);
    const settings = { backoffStrategy: retryDelayMs };
    this.#driver = driver;
    this.#worker = this.#connection.worker(this.name, process, { concurrency: CONCURRENCY, settings });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('failed', (job, error) => {
      if (!job) return;
      const facts = { record: job.id, queue: this.name, reason: error.message };
      this.#logger.warn(facts, 'a step failed, and is tried again');
      // If this fails, `restore` makes up for it.
      if (job.finishedOn !== undefined) driver.giveUp(job.id!).catch(() => {});
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

  async #process(job: Job, token: string, driver: RecordDriver): Promise<void> {
    const lock = await this.#locks!.take(job, token);
    const { signal } = lock.abort;
    const confirm = () => outlast(() => this.#locks!.confirm(lock), signal);
    let waitMs: number | undefined;
    try {
      waitMs = await driver.drive(job.id!, { signal, confirm });
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
