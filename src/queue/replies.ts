/**
 * The replies queue of one platform: a job per reply, whose id comes from the platform, so that a command
 * delivered twice is one reply. The job carries the request and the handle that the platform needs to edit
 * the reply; its progress is the state that the reply shows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Queue, type QueueEventsProducer, WaitingError, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import * as metrics from '../metrics.ts';
import { isFinal, type ReplyState, type StoryRequest } from '../story/story.ts';
import { AdmissionOrder, Deferred } from './admission/admission-order.ts';
import type { Lease, Limits, LookUp } from './admission/limits.ts';
import { MAX_EVENTS, type QueueConnection } from './connection.ts';
import { retryFailedReplies } from './failed-replies.ts';
import { JobEvents, STOP_EVENT } from './job-events.ts';
import { JobLocks } from './job-locks.ts';
import { outlast } from './outage.ts';
import {
  type ReplyJob,
  type ReplyJobData,
  type ReplyRecord,
  type ReplyTask,
  rank,
  recordOf,
  stateOf,
} from './reply-job.ts';

/** Attempts at a reply whose processor failed. */
const ATTEMPTS = 3;
/**
 * Attempts to end it with a sentence after that, each after twice the pause of the one before: over two
 * hours.
 */
const ENDING_ATTEMPTS = 12;
const FIRST_RETRY_DELAY_MS = 500;
const RESTORE_PAUSE_MS = 500;

export class Replies<Handle> {
  readonly name: string;
  readonly platform: string;
  readonly #queue: Queue<ReplyJobData<Handle>, ReplyState>;
  readonly #producer: QueueEventsProducer;
  readonly #events: JobEvents;
  readonly #connection: QueueConnection;
  readonly #logger: Logger;
  readonly #admissionOrder: AdmissionOrder<Handle>;
  #worker: Worker<ReplyJobData<Handle>, ReplyState> | undefined;
  #locks: JobLocks | undefined;
  readonly #closed = new AbortController();

  /**
   * @param platform the queue is called `replies-<platform>`
   * @param limits that admitted the replies which have a lease
   */
  constructor(
    connection: QueueConnection,
    platform: string,
    logger: Logger,
    limits?: Pick<Limits, 'admissibility' | 'leave'>,
  ) {
    this.name = `replies-${platform}`;
    this.platform = platform;
    this.#connection = connection;
    this.#logger = logger;
    this.#queue = connection.queue(this.name, {
      defaultJobOptions: {
        attempts: ATTEMPTS + ENDING_ATTEMPTS,
        backoff: { type: 'exponential', delay: FIRST_RETRY_DELAY_MS },
      },
    });
    this.#producer = connection.producer(this.name);
    this.#events = new JobEvents(connection.events(this.name));
    this.#admissionOrder = new AdmissionOrder({
      queue: this.#queue,
      events: this.#events,
      limits,
      lookUp: this.lookUp,
      restore: connection.backend === 'redis' ? (job, record) => this.#restore(job, record) : undefined,
      logger,
    });
  }

  get #isClosing(): boolean {
    return this.#closed.signal.aborted;
  }

  async ready(): Promise<void> {
    await Promise.all([this.#queue.waitUntilReady(), this.#producer.waitUntilReady(), this.#events.ready()]);
  }

  /** Starts a reply. Idempotent for an id. */
  async submit(id: string, request: StoryRequest, handle: Handle, lease?: Lease): Promise<void> {
    const data = { request, handle, askedAt: Date.now(), ...(lease && { lease }) };
    await reached(this.#queue.add('reply', data, { jobId: id }));
  }

  /** The present state of one reply; undefined when it is unknown or no longer kept. */
  async read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined> {
    const job = await reached(this.#queue.getJob(id));
    return job && { request: job.data.request, state: stateOf(job) };
  }

  /** Whether a reply is known, and whether it has ended. */
  readonly lookUp: LookUp = async (id) => {
    const state = await this.#queue.getJobState(id);
    if (state === 'unknown') return 'unknown';
    return state === 'completed' || state === 'failed' ? 'ended' : 'under way';
  };

  /**
   * Calls `listener` with every new state, beginning with the present one, until a final state or until the
   * returned function is called. Undefined when the id is unknown.
   */
  async follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined> {
    let over = false;
    let shown = -1;
    const tell = (state: ReplyState) => {
      // An event can be older than the state that was read: a reply never shrinks.
      const isOld = rank(state) < shown || (state.status === 'writing' && rank(state) === shown);
      if (over || (isOld && !isFinal(state))) return;
      shown = rank(state);
      if (isFinal(state)) end();
      listener(state);
    };
    const readNow = () => {
      this.read(id).then(
        (known) => known && tell(known.state),
        () => {},
      );
    };
    const unfollow = this.#events.followAndRead(
      id,
      (event) => {
        if (event.type === 'progress') tell((event.data as ReplyRecord).state);
        else if (event.type === 'ended') readNow();
      },
      readNow,
    );
    const end = () => {
      over = true;
      unfollow();
    };
    const known = await this.read(id).catch((error) => {
      end();
      throw error;
    });
    if (!known) {
      end();
      return undefined;
    }
    tell(known.state);
    return end;
  }

  /** Requests a stop; false when the id is unknown. Idempotent. */
  async stop(id: string): Promise<boolean> {
    const job = await reached(this.#queue.getJob(id));
    if (!job) return false;
    if (await reached(job.isCompleted())) return true;
    await reached(job.updateData({ ...job.data, stop: true }));
    await reached(this.#producer.publishEvent({ eventName: STOP_EVENT, jobId: id }, MAX_EVENTS));
    if (await reached(job.isDelayed())) await reached(this.#admissionOrder.wake(id));
    return true;
  }

  /**
   * Processes replies in this process, hundreds at a time: they mostly wait.
   *
   * @param process brings one reply to its final state and returns that
   */
  work(process: (task: ReplyTask<Handle>) => Promise<ReplyState>, concurrency: number): void {
    this.#worker = this.#connection.worker<ReplyJobData<Handle>, ReplyState>(
      this.name,
      (job, token) => this.#process(job, token!, process),
      { concurrency },
    );
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('stalled', () => metrics.takeovers.inc({ queue: this.name }));
    this.#worker.on('failed', (job, error) => {
      this.#logger.error({ queue: this.name, reply: job?.id, reason: error.message }, 'reply failed');
      // It generates no more: the requester's next reply need not wait for its end to be shown.
      if (job && (job.finishedOn !== undefined || job.attemptsMade >= ATTEMPTS))
        void this.#admissionOrder.pass(job);
    });
    retryFailedReplies(this.#queue, this.#closed.signal).catch((error) => {
      if (this.#isClosing) return;
      this.#logger.warn(
        { queue: this.name, reason: error.message },
        'failed replies were not taken up again',
      );
    });
  }

  async #process(
    job: ReplyJob<Handle>,
    token: string,
    process: (task: ReplyTask<Handle>) => Promise<ReplyState>,
  ): Promise<ReplyState> {
    const id = job.id!;
    const locks = this.#locks!;
    const lock = await locks.take(job, token);
    const { abort } = lock;
    if (this.#isClosing) abort.abort(new Error('handed over'));
    let passing: Promise<void> | undefined;
    const pass = () => {
      passing ??= this.#admissionOrder.pass(job);
      return passing;
    };
    const confirm = () => outlast(() => locks.confirm(lock), abort.signal);
    const stopListeners: (() => void)[] = [];
    let stopped = job.data.stop === true;
    let record = recordOf(job);
    let isShown = record !== undefined && record.state.status !== 'waiting';
    const unfollow = this.#events.follow(id, (event) => {
      if (event.type !== 'stop') return;
      stopped = true;
      for (const listener of stopListeners) listener();
    });
    try {
      const state = await process({
        id,
        request: job.data.request,
        handle: job.data.handle,
        // Counted when a processor takes it, and so greater than one for a successor, for any end of the
        // first.
        isFirst: job.attemptsStarted <= 1 && job.data.restored === undefined,
        record,
        failure: job.attemptsMade < ATTEMPTS ? undefined : sentenceFor(undefined),
        admissibility: () => outlast(() => this.#admissionOrder.of(job), abort.signal),
        write: async (next) => {
          await confirm();
          // A record that could not be stored has not been shown. A final state is the exception: it is known
          // to follow.
          if (isFinal(next.state)) record = { ...next, delivered: false };
          await outlast(() => job.updateProgress(next), abort.signal);
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
        signal: abort.signal,
      });
      await pass();
      return state;
    } catch (error) {
      if (error instanceof Deferred && !abort.signal.aborted) {
        return await this.#admissionOrder.park(job, token, record);
      }
      if (abort.signal.aborted && this.#isClosing) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      await this.#restore(job, record);
      throw error;
    } finally {
      unfollow();
      lock.end();
    }
  }

  /**
   * Puts a reply back that the queue has lost, as after a restart of Redis without its data: this process
   * still has everything needed, and the same seed generates the same story. A job that another processor has
   * taken still exists, and no process can remove one under way.
   */
  async #restore(job: ReplyJob<Handle>, record: ReplyRecord | undefined): Promise<void> {
    const id = job.id!;
    const restored = record === undefined ? {} : { record };
    while (!this.#isClosing) {
      try {
        if (await this.#queue.getJob(id)) return;
        await this.#queue.add('reply', { ...job.data, restored }, { jobId: id });
        this.#logger.warn({ queue: this.name, reply: id }, 'a reply that the queue had lost was put back');
        return;
      } catch {
        // The queue is unreachable, or only just coming back.
        await sleep(RESTORE_PAUSE_MS);
      }
    }
  }

  /** Counts a stored record in the metrics; returns whether the reply shows text. */
  #observe({ state, delivered }: ReplyRecord, isShown: boolean, askedAt: number): boolean {
    const { platform } = this;
    if (delivered) {
      const ending =
        state.status === 'failed' ? state.error.code : 'ending' in state ? state.ending : state.status;
      metrics.replies.inc({ platform, ending });
    }
    if (isShown || (state.status !== 'writing' && state.status !== 'finished')) return isShown;
    metrics.firstText.observe({ platform }, (Date.now() - askedAt) / 1_000);
    return true;
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts();
  }

  /** Removes replies that ended longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#queue.clean(ageMs, 0, 'completed');
    await this.#queue.clean(ageMs, 0, 'failed');
  }

  /** Takes no more replies, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#admissionOrder.close();
    const closing = this.#worker?.close();
    this.#locks?.abort(new Error('handed over'));
    try {
      await closing;
    } finally {
      this.#locks?.close();
      await Promise.all([this.#events.close(), this.#producer.close(), this.#queue.close()]);
    }
  }
}

/** Awaits the queue's answer to a user's request; converts a failure into a sentence for the user. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const sentence = 'The queue of stories cannot be reached at the moment. Try again in a minute.';
    throw new StoryError('queue_unavailable', sentence, { cause });
  }
}
