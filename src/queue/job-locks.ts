/**
 * The jobs that this process is working on. A job is held by its lock: a processor that has lost the lock
 * must stop, since another one has the job by then.
 */
import { type Job, WaitingError, type Worker } from 'bullmq';

/** Why a job is aborted that another processor has taken. */
export class LockLostError extends Error {
  constructor() {
    super('lock lost');
  }
}

/** Why a job is aborted whose process closes: another process is to take it. */
export class HandedOverError extends Error {
  constructor() {
    super('handed over');
  }
}

/** One job that this process holds. */
export interface JobLock {
  readonly job: Job;
  readonly token: string;
  /** Aborted when the processor has to stop. */
  readonly abort: AbortController;
  /** When the lock was last known to be held, by `performance.now()`. */
  heldAt: number;
  /** Resolves when the processor has stopped. */
  readonly ended: Promise<void>;
  /** Marks the job as ended. */
  readonly end: () => void;
}

export class JobLocks {
  readonly #locks = new Map<string, JobLock>();
  readonly #lockMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #isHandedOver = false;

  /** @param worker that takes the jobs */
  constructor(worker: Worker) {
    this.#lockMs = worker.opts.lockDuration!;
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#locks.get(id)?.abort.abort(new LockLostError());
    });
    worker.on('locksRenewed', ({ jobIds }) => {
      for (const id of jobIds) {
        const lock = this.#locks.get(id);
        if (lock) lock.heldAt = performance.now();
      }
    });
    if (!worker.opts.skipLockRenewal) {
      this.#timer = setInterval(() => void this.#renewForgotten(), this.#lockMs / 5).unref();
    }
  }

  get size(): number {
    return this.#locks.size;
  }

  /**
   * Registers a job that the worker was given. If this same process lost the job and was given it again, as
   * after the sleep of a laptop, the first processor is aborted and the job goes back to the queue, so that
   * the next one starts from the record that the first one stored.
   *
   * @throws WaitingError when the job went back
   */
  async take(job: Job, token: string): Promise<JobLock> {
    const id = job.id!;
    const lost = this.#locks.get(id);
    if (lost) {
      lost.abort.abort(new LockLostError());
      await lost.ended;
      return await this.handBack({ job, token });
    }
    let resolve = () => {};
    const ended = new Promise<void>((done) => {
      resolve = done;
    });
    const end = () => {
      this.#locks.delete(id);
      resolve();
    };
    const lock = { job, token, abort: new AbortController(), heldAt: performance.now(), ended, end };
    this.#locks.set(id, lock);
    if (this.#isHandedOver) lock.abort.abort(new HandedOverError());
    return lock;
  }

  /**
   * Puts a job back into the queue, for any process to take.
   *
   * @throws WaitingError always: tells BullMQ that the processor has not ended the job
   */
  async handBack({ job, token }: Pick<JobLock, 'job' | 'token'>): Promise<never> {
    await job.moveToWait(token);
    throw new WaitingError();
  }

  /**
   * Asks the queue whether this process still holds a job, unless that is certain: for the duration of a
   * lock, less a second for the round trip to the queue, no other process can take it.
   *
   * @throws the reason that its signal was aborted with
   */
  async confirm(lock: JobLock): Promise<void> {
    if (performance.now() - lock.heldAt > this.#lockMs - 1_000) await this.#renew(lock);
    lock.abort.signal.throwIfAborted();
  }

  /** Aborts all jobs, and those still to be taken. */
  handOver(): void {
    this.#isHandedOver = true;
    for (const { abort } of this.#locks.values()) abort.abort(new HandedOverError());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * BullMQ keeps one lock per job and worker, and forgets it at the end of any processor of that job: of one
   * that lost it, or of one that returned the job so recently that it has been taken again. It renews every
   * half lock.
   */
  async #renewForgotten(): Promise<void> {
    // While the queue is unreachable, commands wait for it: one for each job is enough.
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const since = performance.now() - 0.6 * this.#lockMs;
    const forgotten = [...this.#locks.values()].filter(
      ({ heldAt, abort }) => heldAt < since && !abort.signal.aborted,
    );
    // If the queue cannot be reached the lock may still hold, and BullMQ reports it if not.
    await Promise.all(forgotten.map((lock) => this.#renew(lock).catch(() => {})));
    this.#isRenewing = false;
  }

  async #renew(lock: JobLock): Promise<void> {
    const askedAt = performance.now();
    if (await lock.job.extendLock(lock.token, this.#lockMs)) lock.heldAt = askedAt;
    else lock.abort.abort(new LockLostError());
  }
}
