/**
 * The replies queue of one platform: a job per reply, whose id comes from the platform, so that a command
 * delivered twice is one reply. The job carries the request and the handle that the platform needs to edit
 * the reply; its progress is the state that the reply shows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { beginningOf, isFinal, type ReplyState, type StoryRequest } from '../story/story.ts';
import type { Limits, LookUp } from './admission/limits.ts';
import { sentences } from './admission/settings.ts';
import type { Lease } from './admission/store.ts';
import type { QueueConnection } from './connection.ts';
import type { Feedback } from './feedback.ts';
import { atOnce, JobQueue } from './job-queue.ts';
import { type KeptStory, keptStories } from './kept-stories.ts';
import {
  ATTEMPTS_IN_ALL,
  FIRST_RETRY_DELAY_MS,
  type Replaced,
  type ReplyJobData,
  type ReplyRecord,
  type ReplyTask,
  ReplyWorker,
  recordOf,
  stateOf,
} from './reply-worker.ts';
import type { Shares } from './shares.ts';

/** Interval of the checks whether a stopped reply has ended. */
const END_INTERVAL_MS = 200;

/** A reply as its record keeps it. Times are in ms since 1970. */
export interface KeptReply {
  readonly request: StoryRequest;
  readonly state: ReplyState;
  readonly askedAt: number;
  /** Undefined while the reply is under way. */
  readonly endedAt: number | undefined;
}

export class Replies<Handle> extends JobQueue<ReplyJobData<Handle>, ReplyState> {
  readonly platform: string;
  readonly #connection: QueueConnection;
  readonly #logger: Logger;
  readonly #limits: Pick<Limits, 'admissibility' | 'leave'> | undefined;
  readonly #shares: Pick<Shares, 'deleteShare'> | undefined;
  readonly #feedback: Pick<Feedback, 'removeStory'> | undefined;
  readonly #others: LookUp | undefined;
  readonly #votes: { remove(id: string): Promise<void> } | undefined;
  #worker: ReplyWorker<Handle> | undefined;

  /**
   * @param platform the queue is called `replies-<platform>`
   * @param limits that admitted the replies which have a lease
   * @param shares which end with their replies
   * @param feedback whose ratings end with their replies
   * @param others looks up what else its requesters have under way, such as votes
   * @param votes whose records end with the replies that they have become
   */
  constructor(
    connection: QueueConnection,
    platform: string,
    logger: Logger,
    limits?: Pick<Limits, 'admissibility' | 'leave'>,
    shares?: Pick<Shares, 'deleteShare'>,
    feedback?: Pick<Feedback, 'removeStory'>,
    others?: LookUp,
    votes?: { remove(id: string): Promise<void> },
  ) {
    super(connection, `replies-${platform}`, {
      attempts: ATTEMPTS_IN_ALL,
      backoff: { type: 'exponential', delay: FIRST_RETRY_DELAY_MS },
    });
    this.platform = platform;
    this.#connection = connection;
    this.#logger = logger;
    this.#limits = limits;
    this.#shares = shares;
    this.#feedback = feedback;
    this.#others = others;
    this.#votes = votes;
  }

  /**
   * Starts a reply. Idempotent for an id.
   *
   * @param begun what its messages show already: the reply goes on from that
   */
  async submit(
    id: string,
    request: StoryRequest,
    handle: Handle,
    lease?: Lease,
    replaces?: Replaced,
    begun?: ReplyRecord,
  ): Promise<void> {
    const data = {
      request,
      handle,
      askedAt: Date.now(),
      ...(lease && { lease }),
      ...(replaces && { replaces }),
      ...(begun && { restored: { record: begun } }),
    };
    await atOnce(this.queue.add('reply', data, { jobId: id }), sentences.unavailable);
  }

  /** The present state of one reply; undefined when it is unknown or no longer kept. */
  async read(id: string): Promise<{ request: StoryRequest; state: ReplyState } | undefined> {
    const job = await atOnce(this.queue.getJob(id), sentences.unavailable);
    return job && { request: job.data.request, state: stateOf(job) };
  }

  /** One reply with its times; undefined when it is unknown or no longer kept. */
  async readKept(id: string): Promise<KeptReply | undefined> {
    const job = await atOnce(this.queue.getJob(id), sentences.unavailable);
    if (!job) return undefined;
    const { request, askedAt = job.timestamp } = job.data;
    return { request, state: stateOf(job), askedAt, endedAt: job.finishedOn };
  }

  /** The finished stories among the newest replies whose handle passes `isThere`, oldest first. */
  kept(isThere: (handle: Handle) => boolean): Promise<KeptStory[]> {
    return atOnce(keptStories(this.queue, isThere), sentences.unavailable);
  }

  /** Whether a reply is known, and whether it has ended. */
  readonly lookUp: LookUp = async (id) => {
    const state = await this.queue.getJobState(id);
    if (state === 'unknown') return (await this.#others?.(id)) ?? 'unknown';
    return state === 'completed' || state === 'failed' ? 'ended' : 'under way';
  };

  /**
   * Calls `listener` with every new state, beginning with the present one, until a final state or until the
   * returned function is called. Undefined when the id is unknown.
   */
  async follow(id: string, listener: (state: ReplyState) => void): Promise<(() => void) | undefined> {
    let shown = -1;
    const source = {
      fromProgress: (data: unknown) => (data as ReplyRecord).state,
      fromResult: (result: unknown) => result as ReplyState,
      read: async () => (await this.read(id))?.state,
      isLast: isFinal,
    };
    const { end, pass } = this.events.followStates<ReplyState>(id, source, (state) => {
      const rank = rankOf(state);
      // An event can be older than the state that was read: within one beginning a reply never shrinks.
      if (!isFinal(state) && (rank < shown || (rank === shown && rank > 0))) return;
      shown = rank;
      listener(state);
    });
    const state = await source.read().catch((error) => {
      end();
      throw error;
    });
    if (!state) {
      end();
      return undefined;
    }
    pass(state);
    return end;
  }

  /** Requests a stop; false when the id is unknown. Idempotent. */
  async stop(id: string): Promise<boolean> {
    const request = async () => {
      const job = await this.queue.getJob(id);
      if (!job) return false;
      if (await job.isCompleted()) return true;
      await this.requestStop(job);
      // A parked reply ends at once.
      if (await job.isDelayed()) await job.promote().catch(() => {});
      return true;
    };
    return atOnce(request(), sentences.unavailable);
  }

  /**
   * Stops a reply, and waits until its processor has ended it.
   *
   * @returns the messages that show it; none when it is unknown
   * @throws the reason with which the signal was aborted
   */
  async end(id: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.stop(id);
    while ((await this.lookUp(id)) === 'under way') {
      await sleep(END_INTERVAL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    const job = await this.queue.getJob(id);
    return (job && recordOf(job)?.messages) ?? [];
  }

  /** Removes the record of a reply that has ended. */
  async remove(id: string): Promise<void> {
    await this.queue.remove(id);
    await this.removeDerived(id);
  }

  /**
   * Removes the pages that show a reply, who rated it, and the vote that it was, after its record: a page that is made meanwhile removes
   * itself, and so does a vote.
   */
  async removeDerived(id: string): Promise<void> {
    const reply = { platform: this.platform, replyId: id };
    await this.#shares?.deleteShare(reply);
    await this.#feedback?.removeStory(reply);
    await this.#votes?.remove(id);
  }

  /**
   * Processes replies in this process, hundreds at a time: they mostly wait.
   *
   * @param process brings one reply to its final state and returns that
   */
  work(process: (task: ReplyTask<Handle>) => Promise<ReplyState>, concurrency: number): void {
    this.#worker = new ReplyWorker({
      connection: this.#connection,
      platform: this.platform,
      queue: this.queue,
      events: this.events,
      limits: this.#limits,
      lookUp: this.lookUp,
      logger: this.#logger,
      process,
      concurrency,
    });
  }

  /** Gives a lease of this platform back, and wakes the requester's next reply. */
  async giveBack(id: string, lease: Lease): Promise<void> {
    await this.#worker?.giveBack(id, lease);
  }

  /** Takes no more replies, hands those under way back to the queue, and ends. */
  override async close(): Promise<void> {
    try {
      await this.#worker?.close();
    } finally {
      await super.close();
    }
  }
}

/** More characters than any story has. */
const RANKS_OF_A_BEGINNING = 1_000_000;

/** Orders the states that are not final: a growing text comes after any wait, and a new beginning after it. */
function rankOf(state: ReplyState): number {
  if (state.status === 'waiting') return 0;
  const beginning = state.status === 'writing' ? beginningOf(state) : 0;
  return 1 + beginning * RANKS_OF_A_BEGINNING + state.text.length;
}
