/**
 * The replies queue of one platform: a job per reply, whose id comes from the platform, so that a command
 * delivered twice is one reply. The job carries the request and whatever the platform needs to edit the
 * reply; its progress is what the reply shows.
 */
import {
  DelayedError,
  type Job,
  type Queue,
  type QueueEventsProducer,
  WaitingError,
  type Worker,
} from 'bullmq';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import * as metrics from '../metrics.ts';
import type { ReplyState, StoryCredits, StoryRequest } from '../story.ts';
import { MAX_EVENTS, type QueueConnection } from './connection.ts';
import { JobEvents, STOP_EVENT } from './job-events.ts';
import type { Limits, LookUp, Ticket, Turn } from './limits.ts';

/** Attempts at a reply that broke in the middle. */
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 500;
/** A reply whose turn has not come is woken when it has; should nobody be left to do that, it looks by itself. */
const HELD_BACK_MS = 10_000;
/** Of a reply that is not counted among anybody's. */
const AT_ONCE: Turn = { mayBegin: true, ahead: 0 };

interface ReplyJobData<Handle> {
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** When the person asked, in ms since 1970. */
  readonly askedAt: number;
  /** What it has to give back when it is over; absent where nobody asked. */
  readonly ticket?: Ticket;
  readonly stop?: boolean;
}

/** Thrown by a processor whose reply has to wait for its turn: it is tried again when that has come. */
export class HeldBack extends Error {
  override readonly name = 'HeldBack';
}

/** What is written down before it is shown, so that a successor never shows less. */
export interface ReplyRecord {
  readonly state: ReplyState;
  /** Whether the final state has reached the platform; the story may be forgotten then. */
  readonly delivered: boolean;
  /** Who wrote the text of a state that is `writing`: what its footer says should it be stopped there. */
  readonly credits?: StoryCredits;
}

type ReplyJob<Handle> = Job<ReplyJobData<Handle>, ReplyState>;

/** One reply, as its processor sees it. */
export interface ReplyTask<Handle> {
  readonly id: string;
  readonly request: StoryRequest;
  readonly handle: Handle;
  /** Whether no processor has had this reply before, so that nobody can have added its story. */
  readonly isFirst: boolean;
  /** What an earlier processor wrote down last. */
  readonly record: ReplyRecord | undefined;
  /** Whether it may begin; a processor that finds that it may not throws `HeldBack`. */
  turn(): Promise<Turn>;
  write(record: ReplyRecord): Promise<void>;
  /** Calls `listener` when somebody presses Stop, at once when that has happened already. */
  onStop(listener: () => void): void;
  /** Aborted when somebody else has the reply, or is to have it. */
  readonly signal: AbortSignal;
}

export class Replies<Handle> {
  readonly name: string;
  readonly platform: string;
  readonly #queue: Queue<ReplyJobData<Handle>, ReplyState>;
  readonly #producer: QueueEventsProducer;
  readonly #events: JobEvents;
  readonly #connection: QueueConnection;
  readonly #logger: Logger;
  readonly #limits: Pick<Limits, 'turn' | 'leave'> | undefined;
  readonly #running = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>();
  #worker: Worker<ReplyJobData<Handle>, ReplyState> | undefined;
  #closing = false;

  /**
   * @param platform the queue is called `replies-<platform>`
   * @param limits that admitted those replies which have a ticket
   */
  constructor(
    connection: QueueConnection,
    platform: string,
    logger: Logger,
    limits?: Pick<Limits, 'turn' | 'leave'>,
  ) {
    this.name = `replies-${platform}`;
    this.platform = platform;
    this.#connection = connection;
    this.#logger = logger;
    this.#limits = limits;
    this.#queue = connection.queue(this.name, {
      defaultJobOptions: { attempts: ATTEMPTS, backoff: { type: 'fixed', delay: RETRY_DELAY_MS } },
    });
    this.#producer = connection.producer(this.name);
    this.#events = new JobEvents(connection.events(this.name));
  }

  async ready(): Promise<void> {
    await Promise.all([this.#queue.waitUntilReady(), this.#producer.waitUntilReady(), this.#events.ready()]);
  }

  /** Starts a reply. Submitting an id twice is submitting it once. */
  async submit(id: string, request: StoryRequest, handle: Handle, ticket?: Ticket): Promise<void> {
    const data = { request, handle, askedAt: Date.now(), ...(ticket && { ticket }) };
    await reached(this.#queue.add('reply', data, { jobId: id }));
  }

  /** One reply as it stands; undefined when it is unknown or no longer kept. */
  async read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined> {
    const job = await reached(this.#queue.getJob(id));
    return job && { request: job.data.request, state: stateOf(job) };
  }

  /** Whether a reply is known, and whether it is over. */
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
      // Events can be older than what was read: a reply never shrinks.
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

  /** Asks a reply to stop where it is; false when the id is unknown. Stopping twice is stopping once. */
  async stop(id: string): Promise<boolean> {
    const job = await reached(this.#queue.getJob(id));
    if (!job) return false;
    if (await reached(job.isCompleted())) return true;
    await reached(job.updateData({ ...job.data, stop: true }));
    await reached(this.#producer.publishEvent({ eventName: STOP_EVENT, jobId: id }, MAX_EVENTS));
    if (await reached(job.isDelayed())) await this.#wake(id);
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
      (job, token) => this.#process(job, token, process),
      { concurrency },
    );
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#running.get(id)?.abort.abort(new Error('lock lost'));
    });
    this.#worker.on('stalled', () => metrics.takeovers.inc({ queue: this.name }));
    this.#worker.on('failed', (job, error) => {
      this.#logger.error({ queue: this.name, reply: job?.id, reason: error.message }, 'reply failed');
      if (job?.finishedOn !== undefined) void this.#leave(job);
    });
  }

  async #process(
    job: ReplyJob<Handle>,
    token: string | undefined,
    process: (task: ReplyTask<Handle>) => Promise<ReplyState>,
  ): Promise<ReplyState> {
    const id = job.id!;
    const lost = this.#running.get(id);
    if (lost) {
      // Lost and taken again by this very process: taken anew once the first is gone, as worker.ts explains.
      lost.abort.abort(new Error('lock lost'));
      await lost.ended;
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const abort = new AbortController();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#running.set(id, { abort, ended });
    if (this.#closing) abort.abort(new Error('handed over'));
    const stopListeners: (() => void)[] = [];
    let stopped = job.data.stop === true;
    let isShown = recordOf(job) !== undefined && recordOf(job)?.state.status !== 'waiting';
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
        // Counted when a processor takes it, and so more than one for a successor, whatever ended the first.
        isFirst: job.attemptsStarted <= 1,
        record: recordOf(job),
        turn: () => this.#turn(job),
        write: (record) => {
          isShown = this.#observe(record, isShown, job.data.askedAt);
          return job.updateProgress(record);
        },
        onStop: (listener) => {
          stopListeners.push(listener);
          if (stopped) listener();
        },
        signal: abort.signal,
      });
      await this.#leave(job);
      return state;
    } catch (error) {
      if (error instanceof HeldBack && !abort.signal.aborted) return await this.#holdBack(job, token);
      if (abort.signal.aborted && this.#closing) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      throw error;
    } finally {
      unfollow();
      this.#running.delete(id);
      end();
    }
  }

  #turn({ id, data }: ReplyJob<Handle>): Promise<Turn> {
    const { ticket } = data;
    return ticket && this.#limits ? this.#limits.turn(id!, ticket, this.lookUp) : Promise.resolve(AT_ONCE);
  }

  /** Puts a reply aside until its turn comes: it keeps no processor from others meanwhile. */
  async #holdBack(job: ReplyJob<Handle>, token: string | undefined): Promise<never> {
    await job.moveToDelayed(Date.now() + HELD_BACK_MS, token);
    // Whoever was before it may have ended in between, when there was nobody to be woken.
    const { mayBegin } = await this.#turn(job).catch(() => ({ mayBegin: false }));
    if (mayBegin) await this.#wake(job.id!);
    throw new DelayedError();
  }

  /** Gives back what a reply has that is over, and wakes the one whose turn it is now. */
  async #leave({ id, data }: ReplyJob<Handle>): Promise<void> {
    if (!data.ticket || !this.#limits) return;
    try {
      const next = await this.#limits.leave(id!, data.ticket);
      if (next !== undefined) await this.#wake(next);
    } catch (error) {
      // It is found out by the next who needs the place.
      this.#logger.warn({ reply: id, reason: (error as Error).message }, 'a place was not given back');
    }
  }

  /** Has a reply that was put aside processed at once. One that was not goes on as it does. */
  async #wake(id: string): Promise<void> {
    const job = await this.#queue.getJob(id);
    await job?.promote().catch(() => {});
  }

  /** Counts what is written down; returns whether the reply shows text. */
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
    this.#closing = true;
    const closing = this.#worker?.close();
    for (const { abort } of this.#running.values()) abort.abort(new Error('handed over'));
    await closing;
    await Promise.all([this.#events.close(), this.#producer.close(), this.#queue.close()]);
  }
}

/** What a person asks of the queue, with the sentence for when it does not answer. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const sentence = 'The queue of stories cannot be reached at the moment. Try again in a minute.';
    throw new StoryError('queue_unavailable', sentence, { cause });
  }
}

export function isFinal(state: ReplyState): boolean {
  return state.status === 'finished' || state.status === 'failed';
}

function recordOf(job: Job): ReplyRecord | undefined {
  const { progress } = job;
  return typeof progress === 'object' && 'state' in progress
    ? (progress as unknown as ReplyRecord)
    : undefined;
}

function stateOf<Handle>(job: ReplyJob<Handle>): ReplyState {
  // A result is fenced by the job's lock, progress is not: where both are, the result is right.
  if (job.returnvalue) return job.returnvalue;
  const record = recordOf(job);
  if (job.failedReason && job.finishedOn) {
    const text = record && 'text' in record.state ? record.state.text : job.data.request.prompt;
    return { status: 'failed', text, error: sentenceFor(undefined) };
  }
  return record?.state ?? { status: 'waiting', place: null };
}

/** Orders the states that are not final: a growing text after any wait. */
function rank(state: ReplyState): number {
  return state.status === 'waiting' ? 0 : 1 + state.text.length;
}
