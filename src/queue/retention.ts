/**
 * Removes data: what is too old, at intervals, and what belongs to a user who asks for it. BullMQ removes old
 * jobs only when new ones end, and its event streams hold story text after the jobs are gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import type { Logger } from 'pino';
import type { QueueConnection } from './connection.ts';
import type { Feedback } from './feedback.ts';
import type { Replies } from './replies.ts';
import type { ReplyJobData } from './reply-worker.ts';
import { STORIES_QUEUE, type Stories } from './stories.ts';

const SWEEP_INTERVAL_MS = 60_000;
/** Events older than this are of no use: a follower that missed them has read the job since. */
const EVENT_AGE_MS = 60_000;

/** In the order of a job's life: a job that moves on during the read is found in a later state. */
const STATES = ['delayed', 'prioritized', 'waiting', 'active', 'failed', 'completed'] as const;
const PAGE = 200;
/** Bounds the rounds for a user who keeps requesting stories meanwhile. */
const ROUNDS_AT_MOST = 5;
/** A stopped reply has usually ended by then; if not, the sweeper removes it later, without the id. */
const PATIENCE_MS = 20_000;
const LOOK_INTERVAL_MS = 250;

export interface SweepOptions {
  readonly connection: QueueConnection;
  readonly stories: Stories;
  /** The queues of replies and of removals. */
  readonly queues: readonly Pick<Replies<unknown>, 'name' | 'removeOlderThan'>[];
  /** Absent where none is kept. */
  readonly feedback?: Pick<Feedback, 'removeOld'>;
  /** How long finished stories are kept, in ms. */
  readonly retentionMs: number;
  readonly logger: Logger;
}

/** Removes data that is too old, once. */
export async function sweep({
  connection,
  stories,
  queues,
  feedback,
  retentionMs,
}: SweepOptions): Promise<void> {
  await stories.removeOlderThan(retentionMs);
  for (const queue of queues) await queue.removeOlderThan(retentionMs);
  await feedback?.removeOld();
  const before = Date.now() - EVENT_AGE_MS;
  for (const name of [STORIES_QUEUE, ...queues.map((queue) => queue.name)]) {
    await connection.deleteEvents(name, before);
  }
}

/** Sweeps every minute until the returned function is called. */
export function keepSweeping(options: SweepOptions): () => Promise<void> {
  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweep(options).catch((error) => {
      options.logger.warn({ reason: (error as Error).message }, 'sweep failed; the next one makes up for it');
    });
  }, SWEEP_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}

/** A user, in a platform's own terms. */
export interface Forgotten<Handle> {
  isTheirs(handle: Handle): boolean;
  /** The same conversation without the user. */
  anonymous(handle: Handle): Handle;
}

type ReplyJob<Handle> = Job<ReplyJobData<Handle>>;

/**
 * Deletes a user's data: afterwards no data in the queue holds the user's id. Ended jobs are removed; jobs
 * under way lose the id at once, are stopped, and are removed when they have ended.
 */
export class Forgetting<Handle> {
  readonly #queue: Queue<ReplyJobData<Handle>>;
  readonly #replies: Replies<Handle>;
  readonly #stories: Stories;

  constructor(connection: QueueConnection, replies: Replies<Handle>, stories: Stories) {
    this.#queue = connection.queue(replies.name);
    this.#replies = replies;
    this.#stories = stories;
  }

  /** Resolves when the user's id is no longer stored. */
  async forget(who: Forgotten<Handle>): Promise<void> {
    const ending = new Set<string>();
    for (let round = 0; round < ROUNDS_AT_MOST; round++) {
      const theirs = await this.#find(who);
      if (theirs.length === 0) break;
      for (const job of theirs) {
        if (job.finishedOn) await this.#remove(job.id!);
        else {
          await job.updateData({ ...job.data, handle: who.anonymous(job.data.handle) });
          await this.#replies.stop(job.id!);
          ending.add(job.id!);
        }
      }
    }
    void this.#removeWhenEnded(ending).catch(() => {});
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #find({ isTheirs }: Forgotten<Handle>): Promise<ReplyJob<Handle>[]> {
    const found = new Map<string, ReplyJob<Handle>>();
    for (const state of STATES) {
      for (let from = 0; ; from += PAGE) {
        const jobs = await this.#queue.getJobs([state], from, from + PAGE - 1);
        // A job that is removed during the read is missing in the middle.
        for (const job of jobs) if (job && isTheirs(job.data.handle)) found.set(job.id!, job);
        if (jobs.length === 0) break;
      }
    }
    return [...found.values()];
  }

  async #removeWhenEnded(ids: ReadonlySet<string>): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    for (const id of ids) {
      while (Date.now() < until) {
        const job = await this.#queue.getJob(id);
        if (job && !job.finishedOn) await sleep(LOOK_INTERVAL_MS);
        else break;
      }
      await this.#remove(id);
    }
  }

  async #remove(id: string): Promise<void> {
    const job = await this.#queue.getJob(id);
    // Locked by a processor that has not ended it: the sweeper removes it once it is old enough.
    if (job) await job.remove().catch(() => {});
    await this.#stories.remove(`${this.#replies.platform}-${id}`);
    await this.#replies.removeDerived(id);
  }
}
