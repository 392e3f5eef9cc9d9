/**
 * The stories queue: bots add and follow stories, and generator workers take them. A story's job id is
 * derived from its reply's, so that adding it is idempotent.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { type ErrorCode, StoryError, sentenceFor } from '../errors.ts';
import type { Probabilities } from '../story/probabilities.ts';
import type { Begun, Story, StoryCredits, StoryRequest, StorytellerStatus } from '../story/story.ts';
import { MAX_EVENTS, type QueueConnection } from './connection.ts';
import { expectedWaitMs, SPEED_GUESS, type Speed } from './expected-wait.ts';
import { JobQueue } from './job-queue.ts';

export const STORIES_QUEUE = 'stories';
/** The event with which a worker announces itself; its fields are its id and those of `WorkerStatus`. */
const STORYTELLER_EVENT = 'storyteller';
/** How long a list of waiting stories may be used to compute positions. */
const POSITIONS_AGE_MS = 700;
/** A worker that has not announced itself for this long is considered gone. */
const SILENCE_MS = 15_000;
/** Attempts at a story whose engine failed; a lost worker does not count as an attempt. */
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 500;
const REMOVE_ATTEMPTS = 6;
const REMOVE_PAUSE_MS = 400;
/** Priorities: one requester's stories beyond this number share the lowest. */
const PRIORITIES = 10;

export interface StoryJobData {
  readonly request: StoryRequest;
  /** Set when a user stopped the story; read at its start and at every takeover. */
  readonly stop?: boolean;
}

/** A snapshot, as stored in a job's progress. Within one beginning, the text only grows. */
export interface StoryProgress extends StoryCredits, Begun {
  /** The whole text so far, prompt first. */
  readonly text: string;
  /** As in `Story`. */
  readonly probabilities?: Probabilities;
  /** How many workers of this story had been lost when the one that wrote this snapshot took it. */
  readonly losses: number;
}

/** An update for a follower; the last one is `done` or `failed`. */
export type StoryUpdate =
  | { readonly type: 'waiting' }
  | { readonly type: 'writing'; readonly progress: StoryProgress }
  /** The story does not exist: not yet, or no longer. */
  | { readonly type: 'missing' }
  | { readonly type: 'done'; readonly story: Story }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Whether a worker is ready, and its speed, once it has measured that. */
export interface WorkerStatus extends StorytellerStatus, Partial<Speed> {}

/** Numbers of waiting and running stories. */
export interface StoriesLoad {
  /** Requesters' first stories among the waiting ones. */
  readonly first: number;
  readonly waiting: number;
  readonly running: number;
}

export type StoryJob = Job<StoryJobData, Story>;

export class Stories extends JobQueue<StoryJobData, Story> {
  #positions: Promise<Map<string, number>> | undefined;
  #positionsAt = Number.NEGATIVE_INFINITY;
  /** This process's id among the workers. */
  readonly #worker = randomUUID();
  readonly #workers = new Map<string, StorytellerStatus & Speed & { readonly announcedAt: number }>();

  constructor(connection: QueueConnection) {
    super(connection, STORIES_QUEUE, {
      attempts: ATTEMPTS,
      backoff: { type: 'fixed', delay: RETRY_DELAY_MS },
    });
    this.events.onCustom(STORYTELLER_EVENT, (fields) => {
      const status = {
        phase: fields.phase as StorytellerStatus['phase'],
        loaded: Number(fields.loaded),
        charactersPerSecond: Number(fields.charactersPerSecond) || SPEED_GUESS.charactersPerSecond,
        charactersPerStory: Number(fields.charactersPerStory) || SPEED_GUESS.charactersPerStory,
      };
      this.#workers.set(String(fields.worker), { ...status, announcedAt: performance.now() });
    });
  }

  /**
   * Adds a story; an id that exists already changes nothing.
   *
   * @param ahead stories of the same requester that come before it: all requesters' first stories are
   *   generated before any second ones, and so on
   */
  async add(id: string, request: StoryRequest, ahead = 0): Promise<void> {
    // BullMQ treats a job without a priority as the highest.
    const priority = Math.min(ahead, PRIORITIES - 1);
    await this.queue.add('story', { request }, { jobId: id, ...(priority > 0 ? { priority } : {}) });
  }

  /**
   * Gives a waiting story the priority of a first one (aging), so that others' first stories do not delay it
   * for ever.
   */
  async promote(id: string): Promise<void> {
    const job = await this.queue.getJob(id);
    if (job && job.priority > 0) await job.changePriority({ priority: 0 });
  }

  /**
   * Sends a story's updates to a listener until its end.
   *
   * @param isNew whether the story is only added after this call: then there is nothing to read yet, and no
   *   event can be missed. Otherwise its present state is read at once.
   * @returns the function that ends the following
   */
  follow(id: string, listener: (update: StoryUpdate) => void, isNew = false): () => void {
    const { end, readNow } = this.events.followStates<StoryUpdate>(
      id,
      {
        fromProgress: (data) => ({ type: 'writing', progress: data as StoryProgress }),
        fromResult: (result) => ({ type: 'done', story: result as Story }),
        read: () => this.#read(id),
        isLast: ({ type }) => type === 'done' || type === 'failed',
      },
      listener,
    );
    // Only after subscribing to events, so that no change is missed between the read and the subscription.
    if (!isNew) readNow();
    return end;
  }

  async #read(id: string): Promise<StoryUpdate> {
    // The state first: the job, which is read after it, then has the result or failure that the state
    // implies.
    const state = await this.queue.getJobState(id);
    const job = await this.queue.getJob(id);
    if (!job) return { type: 'missing' };
    if (state === 'completed') return { type: 'done', story: job.returnvalue };
    if (state === 'failed') return { type: 'failed', ...parseFailure(job.failedReason) };
    const progress = progressOf(job);
    return progress ? { type: 'writing', progress } : { type: 'waiting' };
  }

  /** Position of a story in the queue, 1 for the next; null when it does not wait. */
  async position(id: string): Promise<number | null> {
    const now = performance.now();
    if (!this.#positions || now - this.#positionsAt > POSITIONS_AGE_MS) {
      this.#positionsAt = now;
      this.#positions = this.queue
        // In the order in which workers take them.
        .getRanges(['wait', 'prioritized'], 0, -1, true)
        .then((ids) => new Map(ids.map((waitingId, index) => [waitingId, index + 1])));
    }
    const positions = await this.#positions.catch(() => undefined);
    return positions?.get(id) ?? null;
  }

  /** How many stories wait, and how many are being generated. */
  async load(): Promise<StoriesLoad> {
    const counts = await this.queue.getJobCounts('wait', 'prioritized', 'active');
    const { wait = 0, prioritized = 0, active = 0 } = counts;
    return { first: wait, waiting: wait + prioritized, running: active };
  }

  /** Expected wait of a story behind so many others, in ms; undefined while there is no worker. */
  expectedWaitMs(waiting: number, running: number): number | undefined {
    const ready = this.#live().filter(({ phase }) => phase === 'ready');
    return expectedWaitMs({ waiting, running }, ready);
  }

  /** Tells a story's worker, the present one or the next, to stop. */
  async stop(id: string): Promise<void> {
    const job = await this.queue.getJob(id);
    if (job) await this.requestStop(job);
  }

  /** Removes a delivered story. Waits a moment for one whose worker is just stopping. */
  async remove(id: string): Promise<void> {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      if ((await this.queue.remove(id)) || !(await this.queue.getJob(id))) return;
      // Locked by its worker. If that continues, the sweeper removes the story when it has ended.
      await sleep(REMOVE_PAUSE_MS);
    }
  }

  /** Announces a worker's status to the bots. */
  async announce(status: WorkerStatus): Promise<void> {
    const event = { eventName: STORYTELLER_EVENT, worker: this.#worker, ...status };
    await this.producer.publishEvent(event, MAX_EVENTS);
  }

  /** The best status of all workers, or that there is none. */
  status(): StorytellerStatus {
    const [readiest] = this.#live().sort(
      (one, other) =>
        Number(other.phase === 'ready') - Number(one.phase === 'ready') || other.loaded - one.loaded,
    );
    return readiest ? { phase: readiest.phase, loaded: readiest.loaded } : { phase: 'none', loaded: 0 };
  }

  /** Workers that announced themselves recently. */
  #live(): (StorytellerStatus & Speed)[] {
    const now = performance.now();
    for (const [worker, { announcedAt }] of this.#workers) {
      if (now - announcedAt >= SILENCE_MS) this.#workers.delete(worker);
    }
    return [...this.#workers.values()];
  }
}

/** The last snapshot of a job, if it has one. */
export function progressOf(job: StoryJob): StoryProgress | undefined {
  const { progress } = job;
  return typeof progress === 'object' && 'text' in progress
    ? (progress as unknown as StoryProgress)
    : undefined;
}

/** A failure in the form that a job can carry: of an error BullMQ keeps only the message. */
export function failureMessage(error: unknown): string {
  return JSON.stringify(sentenceFor(error));
}

function parseFailure(reason: string | undefined): { code: ErrorCode; message: string } {
  try {
    const { code, message } = JSON.parse(reason ?? '');
    return sentenceFor(new StoryError(code, String(message)));
  } catch {
    return sentenceFor(undefined);
  }
}
