/**
 * Removes replies with everything that is kept of them. A removal is a job of its own: a process that is killed
 * during one leaves it to another, and every step can be repeated.
 *
 * 1. A reply that is under way is stopped, and its processor ends it: it gives the lease back, once.
 * 2. Its messages are deleted on the platform.
 * 3. Its record and its story are removed from the queue.
 */
import type { Job, Queue, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { sentences } from './admission/settings.ts';
import type { QueueConnection } from './connection.ts';
import { HandedOverError, JobLocks } from './job-locks.ts';
import { atOnce } from './job-queue.ts';
import type { Replies } from './replies.ts';
import type { Stories } from './stories.ts';

/** Attempts at a removal that a platform refuses for the moment, over more than two hours. */
const ATTEMPTS = 14;
const FIRST_RETRY_DELAY_MS = 500;
const CONCURRENCY = 20;

/** A reply that is to be removed. */
export interface Removal<Address> {
  readonly replyId: string;
  /** Where its messages are, in the platform's terms, without the id of a user. */
  readonly address: Address;
  /** The messages that are known without its record, which may no longer be kept. */
  readonly messages: readonly string[];
}

/** The part of a replies queue that removes replies. */
export type EndableReplies = Pick<Replies<unknown>, 'platform' | 'end' | 'remove'>;

/** Deletes messages on a platform; a message that does not exist is deleted already. */
export type DeleteMessages<Address> = (address: Address, messages: readonly string[]) => Promise<void>;

export class Removals<Address> {
  readonly name: string;
  readonly #queue: Queue<Removal<Address>, void>;
  readonly #connection: QueueConnection;
  readonly #replies: EndableReplies;
  readonly #stories: Stories;
  readonly #logger: Logger;
  #worker: Worker<Removal<Address>, void> | undefined;
  #locks: JobLocks | undefined;

  constructor(connection: QueueConnection, replies: EndableReplies, stories: Stories, logger: Logger) {
    this.name = `removals-${replies.platform}`;
    this.#queue = connection.queue(this.name, {
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: FIRST_RETRY_DELAY_MS },
        removeOnComplete: true,
      },
    });
    this.#connection = connection;
    this.#replies = replies;
    this.#stories = stories;
    this.#logger = logger;
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /**
   * Stores the removal, which is then certain to happen. Idempotent for a reply.
   *
   * @throws StoryError `queue_unavailable` with a sentence
   */
  async request(removal: Removal<Address>): Promise<void> {
    const add = this.#queue.add('removal' as never, removal as never, { jobId: `r-${removal.replyId}` });
    await atOnce(add, sentences.unavailable);
  }

  /** Lets this process carry out removals. */
  work(deleteMessages: DeleteMessages<Address>): void {
    const process = (job: Job<Removal<Address>, void>, token?: string) =>
      this.#process(job, token!, deleteMessages);
    this.#worker = this.#connection.worker(this.name, process, { concurrency: CONCURRENCY });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('failed', (job, error) => {
      this.#logger.warn({ reply: job?.data.replyId, reason: error.message }, 'a reply was not removed yet');
    });
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts();
  }

  /** Forgets removals that were given up longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#queue.clean(ageMs, 0, 'failed');
  }

  /** Takes no more removals, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    const closing = this.#worker?.close();
    this.#locks?.handOver();
    await closing?.finally(() => this.#locks?.close());
    await this.#queue.close();
  }

  async #process(
    job: Job<Removal<Address>, void>,
    token: string,
    deleteMessages: DeleteMessages<Address>,
  ): Promise<void> {
    const { replyId, address, messages } = job.data;
    const lock = await this.#locks!.take(job, token);
    const { signal } = lock.abort;
    try {
      const recorded = await this.#replies.end(replyId, signal);
      await deleteMessages(address, [...new Set([...recorded, ...messages])]);
      await forgetReply(this.#replies, this.#stories, replyId);
      this.#logger.info({ reply: replyId }, 'reply removed');
    } catch (error) {
      if (signal.reason instanceof HandedOverError) return await this.#locks!.handBack(lock);
      throw error;
    } finally {
      lock.end();
    }
  }
}

/** Removes the record of a reply that has ended, and its story. */
export async function forgetReply(
  replies: EndableReplies,
  stories: Pick<Stories, 'remove'>,
  id: string,
): Promise<void> {
  await replies.remove(id);
  await stories.remove(`${replies.platform}-${id}`);
}
