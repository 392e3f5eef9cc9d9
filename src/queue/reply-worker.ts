/** Processes one platform's replies: keeps their records, restores lost ones, and parks those that wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { sentenceFor } from '../errors.ts';
import * as metrics from '../metrics.ts';
import {
  currentState,
  isFinal,
  type ReplyState,
  type StoryCredits,
  type StoryRequest,
} from '../story/story.ts';
import { AdmissionOrder, Deferred } from './admission/admission-order.ts';
import type { Admissibility, Limits, LookUp } from './admission/limits.ts';
import type { Lease } from './admission/store.ts';
import type { QueueConnection } from './connection.ts';
import { HandedOverError, JobLocks } from './job-locks.ts';
import type { JobEvents } from './job-queue.ts';
import { leaseOf } from './old-records.ts';
import { outlast } from './outage.ts';

/** Attempts at a reply whose processor failed. */
const ATTEMPTS = 3;
/**
 * Attempts to end it with a sentence after that, each after twice the pause of the one before: over two
 * hours.
 */
const ENDING_ATTEMPTS = 12;
export const ATTEMPTS_IN_ALL = ATTEMPTS + ENDING_ATTEMPTS;
export const FIRST_RETRY_DELAY_MS = 500;
const RESTORE_PAUSE_MS = 500;
/** Failed jobs read at a time. */
const PAGE = 200;

/** A reply whose messages another one takes over. */
export interface Replaced {
  readonly replyId: string;
  /** Its messages that are known without its record, which may no longer be kept. */
  readonly messages: readonly string[];
}

export interface ReplyJobData<Handle> {
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** When the user requested it, in ms since 1970. */
  readonly askedAt: number;
  /** What it gives back at its end; absent without a requester. */
  readonly lease?: Lease;
  readonly stop?: boolean;
  /** The reply in whose place it is written. */
  readonly replaces?: Replaced;
  /**
   * In a job that was put back after the queue had lost it: the last stored record. In one that goes on from a vote: what
   * the messages of the vote show.
   */
  readonly restored?: { readonly record?: ReplyRecord };
}

/** Stored before it is shown, so that a successor never shows less. */
export interface ReplyRecord {
  readonly state: ReplyState;
  /** Whether the final state has reached the platform; the story may be deleted then. */
  readonly delivered: boolean;
  /**
   * The model version and engine of the text of a state that is `writing`: for the footer if the story is
   * stopped there.
   */
  readonly credits?: StoryCredits;
  /** The messages that show a chat's reply so far. */
  readonly messages?: readonly string[];
  /** Whether the reply that this one replaces is gone, except for the messages that this one has taken over. */
  readonly hasReplaced?: true;
}

/** Why a reply ends without its story, for a user to read. */
export type ReplyFailure = Extract<ReplyState, { status: 'failed' }>['error'];

type ReplyJob<Handle> = Job<ReplyJobData<Handle>, ReplyState>;

/** One reply, as its processor sees it. */
export interface ReplyTask<Handle> {
  readonly id: string;
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** The reply in whose place it is written. */
  readonly replaces?: Replaced | undefined;
  /** Whether no processor has had this reply before, so that its story cannot have been added. */
  readonly isFirst: boolean;
  /** The record that an earlier processor stored last. */
  readonly record: ReplyRecord | undefined;
  /** Set when it has used up its attempts: the reason to show as its end. */
  readonly failure: ReplyFailure | undefined;
  /** Whether it may begin; a processor whose reply may not throws `Deferred`. */
  admissibility(): Promise<Admissibility>;
  write(record: ReplyRecord): Promise<void>;
  /**
   * Asks whether this processor still holds the reply, unless that is certain: before an action that cannot
   * be undone. After a long sleep another processor may have taken the reply and ended it.
   *
   * @throws when another processor has it
   */
  confirm(): Promise<void>;
  /** Calls `listener` when a user presses Stop, at once when that has happened already. */
  onStop(listener: () => void): void;
  /** Aborted when another processor has the reply, or is to take it. */
  readonly signal: AbortSignal;
}

/** The record of a reply that was stored last; undefined when there is none. */
export function recordOf<Handle>({ progress, data }: ReplyJob<Handle>): ReplyRecord | undefined {
  const record =
    typeof progress === 'object' && 'state' in progress
      ? (progress as unknown as ReplyRecord)
      : data.restored?.record;
  return record && { ...record, state: currentState(record.state) };
}

/** The state that a reply shows. */
export function stateOf<Handle>(job: ReplyJob<Handle>): ReplyState {
  // The job's lock guards the result, but not the progress: where both exist, the result is right.
  if (job.returnvalue) return job.returnvalue;
  const record = recordOf(job);
  if (job.failedReason && job.finishedOn) {
    const text = record && 'text' in record.state ? record.state.text : job.data.request.prompt;
    return { status: 'failed', text, error: sentenceFor(undefined) };
  }
  return record?.state ?? { status: 'waiting', position: null };
}

export interface ReplyWorkerOptions<Handle> {
  readonly connection: QueueConnection;
  readonly platform: string;
  readonly queue: Queue<ReplyJobData<Handle>, ReplyState>;
  readonly events: JobEvents;
  /** Undefined where every reply may begin at once. */
  readonly limits: Pick<Limits, 'admissibility' | 'leave'> | undefined;
  readonly lookUp: LookUp;
  readonly logger: Logger;
  readonly process: (task: ReplyTask<Handle>) => Promise<ReplyState>;
  /** Replies at the same time. */
  readonly concurrency: number;
}

export class ReplyWorker<Handle> {
  readonly #options: ReplyWorkerOptions<Handle>;
  readonly #worker: Worker<ReplyJobData<Handle>, ReplyState>;
  readonly #locks: JobLocks;
  readonly #order: AdmissionOrder;
  readonly #closed = new AbortController();

  constructor(options: ReplyWorkerOptions<Handle>) {
    this.#options = options;
    const { connection, queue, events, limits, lookUp, logger, concurrency } = options;
    const reply = queue.name;
    const losesJobs = connection.backend === 'redis';
    this.#order = new AdmissionOrder({ queue, events, limits, lookUp, losesJobs, logger });
    this.#worker = connection.worker(reply, (job, token) => this.#process(job, token!), { concurrency });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('stalled', () => metrics.takeovers.inc({ queue: reply }));
    this.#worker.on('failed', (job, error) => {
      logger.error({ queue: reply, reply: job?.id, reason: error.message }, 'reply failed');
      // It generates no more: the requester's next reply need not wait for its end to be shown.
      if (job && (job.finishedOn !== undefined || job.attemptsMade >= ATTEMPTS)) void this.#pass(job);
    });
    this.#retryFailed().catch((error) => {
      if (this.#closed.signal.aborted) return;
      logger.warn({ queue: reply, reason: error.message }, 'failed replies were not taken up again');
    });
  }

  /** Gives a lease back, and wakes the requester's next reply. */
  giveBack(id: string, lease: Lease): Promise<void> {
    return this.#order.pass(id, lease);
  }

  /** Takes no more replies, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#order.close();
    const closing = this.#worker.close();
    this.#locks.handOver();
    await closing.finally(() => this.#locks.close());
  }

  async #process(job: ReplyJob<Handle>, token: string): Promise<ReplyState> {
    const lock = await this.#locks.take(job, token);
    const { signal } = lock.abort;
    const confirm = () => outlast(() => this.#locks.confirm(lock), signal);
    const stopListeners: (() => void)[] = [];
    let stopped = job.data.stop === true;
    let record = recordOf(job);
    let isShown = record !== undefined && record.state.status !== 'waiting';
    let passing: Promise<void> | undefined;
    const pass = () => {
      passing ??= this.#pass(job);
      return passing;
    };
    const unfollow = this.#options.events.follow(job.id!, (event) => {
      if (event.type !== 'stop') return;
      stopped = true;
      for (const listener of stopListeners) listener();
    });
    try {
      const state = await this.#options.process({
        id: job.id!,
        request: job.data.request,
        handle: job.data.handle,
        replaces: job.data.replaces,
        // Counted when a processor takes it, and so greater than one for a successor, for any end of the
        // first.
        isFirst: job.attemptsStarted <= 1 && job.data.restored === undefined,
        record,
        failure: job.attemptsMade < ATTEMPTS ? undefined : sentenceFor(undefined),
        admissibility: () => outlast(() => this.#order.of(job.id!, leaseOf(job.data)), signal),
        write: async (next) => {
          await confirm();
          // A record that could not be stored has not been shown. A final state is the exception: it is known
          // to follow.
          if (isFinal(next.state)) record = { ...next, delivered: false };
          await outlast(() => job.updateProgress(next), signal);
          record = next;
          isShown = this.#observe(next, isShown, job.data.askedAt);
          // Without delay: a user who sees the end may request the next story.
          if (next.delivered) await pass();
        },
        confirm,
        onStop: (listener) => {
          stopListeners.push(listener);
          if (stopped) listener();
        },
        signal,
      });
      await pass();
      return state;
    } catch (error) {
      const restore = () => this.#restore(job, record);
      if (error instanceof Deferred && !signal.aborted) {
        return await this.#order.park(job, token, leaseOf(job.data), restore);
      }
      if (signal.reason instanceof HandedOverError) return await this.#locks.handBack(lock);
      await restore();
      throw error;
    } finally {
      unfollow();
      lock.end();
    }
  }

  #pass({ id, data }: ReplyJob<Handle>): Promise<void> {
    return this.#order.pass(id!, leaseOf(data));
  }

  /**
   * Puts a reply back that the queue has lost, as after a restart of Redis without its data: this process
   * still has everything needed, and the same seed generates the same story. A job that another processor has
   * taken still exists, and no process can remove one under way.
   */
  async #restore({ id, data }: ReplyJob<Handle>, record: ReplyRecord | undefined): Promise<void> {
    const { queue, logger } = this.#options;
    const restored = record === undefined ? {} : { record };
    while (!this.#closed.signal.aborted) {
      try {
        if (await queue.getJob(id!)) return;
        await queue.add('reply' as never, { ...data, restored } as never, { jobId: id! });
        logger.warn({ queue: queue.name, reply: id }, 'a reply that the queue had lost was put back');
        return;
      } catch {
        // The queue is unreachable, or only just coming back.
        await sleep(RESTORE_PAUSE_MS);
      }
    }
  }

  /** Counts a stored record in the metrics; returns whether the reply shows text. */
  #observe({ state, delivered }: ReplyRecord, isShown: boolean, askedAt: number): boolean {
    const { platform } = this.#options;
    if (delivered) {
      const ending =
        state.status === 'failed' ? state.error.code : 'ending' in state ? state.ending : state.status;
      metrics.replies.inc({ platform, ending });
    }
    if (isShown || (state.status !== 'writing' && state.status !== 'finished')) return isShown;
    metrics.firstText.observe({ platform }, (Date.now() - askedAt) / 1_000);
    return true;
  }

  /**
   * Puts replies back into the queue that failed for good before their message showed it. Their count of
   * failed attempts continues: a processor sees that it only has to end them.
   */
  async #retryFailed(): Promise<void> {
    const { signal } = this.#closed;
    const failed: ReplyJob<Handle>[] = [];
    for (let from = 0; ; from += PAGE) {
      const jobs = await outlast(
        () => this.#options.queue.getJobs(['failed'], from, from + PAGE - 1),
        signal,
      );
      // A job that is removed during the read is missing in the middle.
      failed.push(...jobs.filter((job) => job && !recordOf(job)?.delivered));
      if (jobs.length < PAGE) break;
    }
    // Another process may have retried it already.
    for (const job of failed) await outlast(() => job.retry('failed'), signal).catch(() => {});
  }
}
