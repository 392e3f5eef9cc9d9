/**
 * The stories queue: what bots add and follow, and generator workers take. A story's job id is derived from
 * its reply's, so that adding it twice is adding it once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue, QueueEventsProducer } from 'bullmq';
import { type ErrorCode, StoryError, sentenceFor } from '../errors.ts';
import type { Story, StoryCredits, StoryRequest, StorytellerStatus } from '../story.ts';
import { MAX_EVENTS, type QueueConnection } from './connection.ts';
import { JobEvents, STOP_EVENT } from './job-events.ts';

export const STORIES_QUEUE = 'stories';
/** The event with which a worker tells that it is there; its fields are those of `StorytellerStatus`. */
export const STORYTELLER_EVENT = 'storyteller';
/** How long a view of the waiting list is good enough to tell somebody's place. */
const PLACES_AGE_MS = 700;
/** A worker that has not been heard of for this long is not there. */
const SILENCE_MS = 15_000;
/** Attempts at a story whose engine failed under it; a lost worker is no attempt. */
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 500;
const REMOVE_ATTEMPTS = 6;
const REMOVE_PAUSE_MS = 400;

export interface StoryJobData {
  readonly request: StoryRequest;
  /** Set when somebody stopped the story; read at its start and at every takeover. */
  readonly stop?: boolean;
}

/** A snapshot, as it travels in a job's progress. */
export interface StoryProgress extends StoryCredits {
  /** The whole text so far, prompt first. */
  readonly text: string;
  /** How many writers of this story had been lost when the one that wrote this took it. */
  readonly losses: number;
}

/** What a follower is told; the last is `done` or `failed`. */
export type StoryUpdate =
  | { readonly type: 'waiting' }
  | { readonly type: 'writing'; readonly progress: StoryProgress }
  /** There is no such story: not yet, or no longer. */
  | { readonly type: 'missing' }
  | { readonly type: 'done'; readonly story: Story }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

export type StoryJob = Job<StoryJobData, Story>;

export class Stories {
  readonly events: JobEvents;
  readonly #queue: Queue<StoryJobData, Story>;
  readonly #producer: QueueEventsProducer;
  #places: Promise<Map<string, number>> | undefined;
  #placesAt = Number.NEGATIVE_INFINITY;
  #status: StorytellerStatus = { phase: 'none', loaded: 0 };
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(connection: QueueConnection) {
    this.#queue = connection.queue(STORIES_QUEUE, {
      defaultJobOptions: { attempts: ATTEMPTS, backoff: { type: 'fixed', delay: RETRY_DELAY_MS } },
    });
    this.#producer = connection.producer(STORIES_QUEUE);
    this.events = new JobEvents(connection.events(STORIES_QUEUE));
    this.events.onCustom(STORYTELLER_EVENT, ({ phase, loaded }) => {
      this.#status = { phase: phase as StorytellerStatus['phase'], loaded: Number(loaded) };
      this.#heardAt = performance.now();
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#queue.waitUntilReady(), this.#producer.waitUntilReady(), this.events.ready()]);
  }

  /** Adds a story; adding an id that is there already changes nothing. */
  async add(id: string, request: StoryRequest): Promise<void> {
    await this.#queue.add('story', { request }, { jobId: id });
  }

  /**
   * Tells a listener about a story until its end.
   *
   * @param isNew whether the story is only added after this call: then there is nothing to read yet, and all that
   *   happens will be heard. Otherwise its present state is read at once.
   * @returns the function that ends the following
   */
  follow(id: string, listener: (update: StoryUpdate) => void, isNew = false): () => void {
    let over = false;
    const tell = (update: StoryUpdate) => {
      if (over) return;
      if (update.type === 'done' || update.type === 'failed') end();
      listener(update);
    };
    // A read that fails (the queue is away) is made up for by the next one.
    const readNow = () => {
      this.#read(id).then(tell, () => {});
    };
    const unfollow = this.events.followAndRead(
      id,
      (event) => {
        if (event.type === 'progress') tell({ type: 'writing', progress: event.data as StoryProgress });
        else if (event.type === 'ended') readNow();
      },
      readNow,
    );
    const end = () => {
      over = true;
      unfollow();
    };
    // Only now, being told of everything that happens, is it safe to ask what has happened.
    if (!isNew) readNow();
    return end;
  }

  async #read(id: string): Promise<StoryUpdate> {
    // The state first: the job that is read after it has the result or the failure that the state speaks of.
    const state = await this.#queue.getJobState(id);
    const job = await this.#queue.getJob(id);
    if (!job) return { type: 'missing' };
    if (state === 'completed') return { type: 'done', story: job.returnvalue };
    if (state === 'failed') return { type: 'failed', ...parseFailure(job.failedReason) };
    const progress = progressOf(job);
    return progress ? { type: 'writing', progress } : { type: 'waiting' };
  }

  /** Place of a story among those that wait, 1 for the next; null when it does not wait. */
  async place(id: string): Promise<number | null> {
    const now = performance.now();
    if (!this.#places || now - this.#placesAt > PLACES_AGE_MS) {
      this.#placesAt = now;
      this.#places = this.#queue
        .getRanges(['wait'], 0, -1, true)
        .then((ids) => new Map(ids.map((waitingId, index) => [waitingId, index + 1])));
    }
    const places = await this.#places.catch(() => undefined);
    return places?.get(id) ?? null;
  }

  async waitingCount(): Promise<number> {
    return this.#queue.getWaitingCount();
  }

  /** Tells a story's writer, now or whenever there is one, to stop. */
  async stop(id: string): Promise<void> {
    const job = await this.#queue.getJob(id);
    if (!job) return;
    await job.updateData({ ...job.data, stop: true });
    await this.#producer.publishEvent({ eventName: STOP_EVENT, jobId: id }, MAX_EVENTS);
  }

  /** Removes a story that has been delivered. One whose writer is just stopping is waited for a moment. */
  async remove(id: string): Promise<void> {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      const job = await this.#queue.getJob(id);
      if (!job) return;
      try {
        await job.remove();
        return;
      } catch {
        // Locked by its writer. Should that go on, the sweeper removes the story when it has ended.
        await sleep(REMOVE_PAUSE_MS);
      }
    }
  }

  /** Tells the bots how ready a worker is. */
  async announce(status: StorytellerStatus): Promise<void> {
    await this.#producer.publishEvent({ eventName: STORYTELLER_EVENT, ...status }, MAX_EVENTS);
  }

  /** What the last worker to be heard of said, or that there is none. */
  status(): StorytellerStatus {
    return performance.now() - this.#heardAt < SILENCE_MS ? this.#status : { phase: 'none', loaded: 0 };
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts();
  }

  /** Removes finished stories that nobody fetched within `ageMs`. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#queue.clean(ageMs, 0, 'completed');
    await this.#queue.clean(ageMs, 0, 'failed');
  }

  async close(): Promise<void> {
    await Promise.all([this.events.close(), this.#producer.close(), this.#queue.close()]);
  }
}

/** The last snapshot of a job, if it has one. */
export function progressOf(job: StoryJob): StoryProgress | undefined {
  const { progress } = job;
  return typeof progress === 'object' && 'text' in progress
    ? (progress as unknown as StoryProgress)
    : undefined;
}

/** A failure as a job can carry it: BullMQ keeps nothing of an error but its message. */
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
