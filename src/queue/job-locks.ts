/**
 * The jobs that this process has in hand. A job is held by its lock: whoever has lost that may not go on, since
 * another has the job by then.
 */
import { type Job, WaitingError, type Worker } from 'bullmq';

/** Why a job is put down that another has taken. */
export class LockLostError extends Error {
  constructor() {
    super('lock lost');
  }
}

/** One job in hand. */
export interface JobLock {
  readonly job: Job;
  readonly token: string;
  /** Aborted when the job is to be put down. */
  readonly abort: AbortController;
  /** When its lock was known to be ours, by `performance.now()`. */
  heldAt: number;
  /** Resolves when it has been put down. */
  readonly ended: Promise<void>;
  /** Puts it down. */
  readonly end: () => void;
}

export class JobLocks {
  readonly #locks = new Map<string, JobLock>();
  readonly #lockMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;

  /** @param worker whose jobs they are */
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
   * Takes a job in hand that the worker was given. Where this very process lost the job and was given it again, as
   * after the sleep of a laptop, the first processor is sent away and the job goes back, to be taken with what that
   * one has written down.
   *
   * @throws WaitingError when the job went back
   */
  async take(job: Job, token: string): Promise<JobLock> {
    const id = job.id!;
    const lost = this.#locks.get(id);
    if (lost) {
      lost.abort.abort(new LockLostError());
      await lost.ended;
      await job.moveToWait(token);
      throw new WaitingError();
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
    return lock;
  }

  /**
   * Asks the queue whether a job is still ours, where that is not known: for as long as a lock lasts, less a second
   * for the way to the queue, nobody else can have it.
   *
   * @throws what its signal was aborted with
   */
  async confirm(lock: JobLock): Promise<void> {
    if (performance.now() - lock.heldAt > this.#lockMs - 1_000) await this.#renew(lock);
    lock.abort.signal.throwIfAborted();
  }

  /** Has all jobs put down. */
  abort(reason: unknown): void {
    for (const { abort } of this.#locks.values()) abort.abort(reason);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * BullMQ keeps one lock per job and worker, and forgets it at the end of any processor of that job: of one that
   * was lost, or that put the job back so shortly before that it has been taken again. It renews every half lock.
   */
  async #renewForgotten(): Promise<void> {
    // While the queue is away, commands wait for it: one for each job is enough.
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const since = performance.now() - 0.6 * this.#lockMs;
    const forgotten = [...this.#locks.values()].filter(
      ({ heldAt, abort }) => heldAt < since && !abort.signal.aborted,
    );
    // Where the queue cannot be reached the lock may last all the same, and BullMQ says so if not.
    await Promise.all(forgotten.map((lock) => this.#renew(lock).catch(() => {})));
    this.#isRenewing = false;
  }

  async #renew(lock: JobLock): Promise<void> {
    const asked = performance.now();
    if (await lock.job.extendLock(lock.token, this.#lockMs)) lock.heldAt = asked;
    else lock.abort.abort(new LockLostError());
  }
}
