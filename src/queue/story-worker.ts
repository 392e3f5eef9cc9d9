/**
 * The generator worker: takes stories from the queue, has a storyteller generate them, and reports snapshots.
 */
import { type Processor, UnrecoverableError, WaitingError, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import { StoryError, sentenceFor } from '../errors.ts';
import { EngineLostError } from '../generator/engines/engine.ts';
import type { ProbabilitiesOf, Storyteller } from '../generator/storyteller.ts';
import * as metrics from '../metrics.ts';
import { beginningOf, inBeginning, type Story } from '../story/story.ts';
import type { QueueConnection } from './connection.ts';
import { type Speed, Speedometer } from './expected-wait.ts';
import { HandedOverError, JobLocks, LockLostError } from './job-locks.ts';
import {
  failureMessage,
  progressOf,
  STORIES_QUEUE,
  type Stories,
  type StoryJob,
  type StoryJobData,
  type StoryProgress,
  type WorkerStatus,
} from './stories.ts';

/**
 * Interval of a story's snapshots; the first one is sent at once. It is the only limit on what travels through
 * the queue: every snapshot is a write and an event. The later limits have other reasons: the reply loop
 * reveals text at reading speed, and a platform's surface keeps to the platform's rate of edits.
 */
const SNAPSHOT_INTERVAL_MS = 300;
/**
 * With many stories under way each grows more slowly, and snapshots dominate the queue's load: this is added
 * to the interval for every story under way, so that a worker sends at most about 80 a second.
 */
const SNAPSHOT_SHARE_MS = 12;
/** Workers lost in a row without a new snapshot after which a story fails. */
const FRUITLESS_LOSSES = 3;
/** Beginnings after the first one; a story that needs more fails. */
const MAX_BEGINNINGS = 5;
const ANNOUNCE_INTERVAL_MS = 5_000;
const ANNOUNCE_INTERVAL_LOADING_MS = 500;

/** Finds the storyteller for a model's name; throws a StoryError when there is none. */
export type FindStoryteller = (model: string) => Storyteller;

export interface StoryWorkerOptions {
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly logger: Logger;
  readonly storyteller: FindStoryteller;
  /** Called when the storytellers' device was lost; resolves when they have another. */
  readonly recover?: () => Promise<void>;
  /** Stories that this worker takes at once; the rest stay in the queue for other workers. */
  readonly concurrency: number;
}

export class StoryWorker {
  readonly #options: StoryWorkerOptions;
  readonly #worker: Worker<StoryJobData, Story>;
  readonly #locks: JobLocks;
  readonly #speedometer: Speedometer;
  /** When a story last grew, or when the first of those under way was taken. */
  #grewAt = 0;

  constructor(options: StoryWorkerOptions) {
    this.#options = options;
    const { connection, concurrency, logger } = options;
    this.#speedometer = new Speedometer(concurrency, () => performance.now());
    const process: Processor<StoryJobData, Story> = (job, token) => this.#process(job as StoryJob, token!);
    this.#worker = connection.worker(STORIES_QUEUE, process, { concurrency });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('failed', (job, error) => {
      logger.error({ story: job?.id, attempt: job?.attemptsMade, reason: error.message }, 'story failed');
    });
    this.#worker.on('stalled', (id) => {
      metrics.takeovers.inc({ queue: STORIES_QUEUE });
      logger.warn({ story: id }, 'story taken back from a lost worker');
    });
  }

  ready(): Promise<unknown> {
    return this.#worker.waitUntilReady();
  }

  /** Milliseconds in which stories were under way and none has grown: the worker hangs. */
  get stuckMs(): number {
    return this.#locks.size === 0 ? 0 : performance.now() - this.#grewAt;
  }

  /** This worker's measured speed. */
  get speed(): Speed {
    return this.#speedometer.speed;
  }

  /** Takes no more stories, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    const closing = this.#worker.close();
    this.#locks.handOver();
    await closing.finally(() => this.#locks.close());
  }

  async #process(job: StoryJob, token: string): Promise<Story> {
    const { stories, logger } = this.#options;
    const id = job.id!;
    const lock = await this.#locks.take(job, token);
    const { abort } = lock;
    if (this.#locks.size === 1) this.#grewAt = performance.now();
    this.#speedometer.running = this.#locks.size;
    if (job.attemptsStarted <= 1) metrics.storyWait.observe((Date.now() - job.timestamp) / 1_000);
    const unfollow = stories.events.follow(id, (event) => {
      if (event.type === 'stop') abort.abort();
    });
    if (job.data.stop) abort.abort();
    const started = performance.now();
    try {
      const story = await this.#write(job, abort.signal);
      const reason: unknown = abort.signal.reason;
      if (story.ending === 'stopped' && reason instanceof HandedOverError) {
        metrics.stories.inc({ ending: 'handed_over' });
        return await this.#locks.handBack(lock);
      }
      if (story.ending === 'stopped' && reason instanceof LockLostError) {
        metrics.stories.inc({ ending: 'lost' });
        throw new UnrecoverableError(reason.message);
      }
      metrics.stories.inc({ ending: story.ending });
      const ms = Math.round(performance.now() - started);
      logger.info({ story: id, characters: story.text.length, ending: story.ending, ms }, 'story written');
      return story;
    } catch (error) {
      if (error instanceof WaitingError || error instanceof UnrecoverableError) throw error;
      if (error instanceof EngineLostError && this.#options.recover) {
        metrics.stories.inc({ ending: 'device_lost' });
        logger.warn({ story: id, reason: error.message }, 'story handed back');
        this.#pauseUntil(this.#options.recover());
        return await this.#locks.handBack(lock);
      }
      if (!(error instanceof StoryError)) logger.error({ story: id, err: error }, 'storyteller failed');
      metrics.stories.inc({ ending: sentenceFor(error).code });
      // A request that cannot be fulfilled fails again on a retry; a broken engine may recover.
      const isFinal = error instanceof StoryError && error.code !== 'internal' && error.code !== 'busy';
      throw isFinal ? new UnrecoverableError(failureMessage(error)) : new Error(failureMessage(error));
    } finally {
      unfollow();
      lock.end();
      this.#speedometer.running = this.#locks.size;
    }
  }

  /** Takes no stories until the storytellers have recovered: other workers may take them meanwhile. */
  #pauseUntil(recovered: Promise<void>): void {
    if (this.#worker.isPaused()) return;
    const pausing = this.#worker.pause(true);
    Promise.all([pausing, recovered]).then(
      () => {
        if (!this.#worker.closing) this.#worker.resume();
      },
      (error) => this.#options.logger.error({ err: error }, 'the storytellers did not recover'),
    );
  }

  async #write(job: StoryJob, signal: AbortSignal): Promise<Story> {
    const { request } = job.data;
    const storyteller = this.#options.storyteller(request.model);
    const last = progressOf(job);
    const isContinued = last === undefined || storyteller.continues(last);
    const resumeFrom = last && isContinued ? last.text : request.prompt;
    const beginning = beginningOf(last ?? {}) + (isContinued ? 0 : 1);
    // A stall is a lost worker; an orderly handover does not count as one.
    const losses = job.stalledCounter;
    // The loss of the worker that wrote the last snapshot does not count: that worker made progress.
    if (losses - (last ? last.losses + 1 : 0) >= FRUITLESS_LOSSES) {
      throw new StoryError(
        'no_progress',
        'This story made its worker fail several times and was given up. Try another opening.',
      );
    }
    if (!isContinued) {
      if (beginning > MAX_BEGINNINGS) {
        throw new StoryError(
          'no_progress',
          'The computers that wrote this story were replaced again and again, and it was given up. Ask again.',
        );
      }
      const { modelVersion, engine } = last;
      const facts = { story: job.id, begunBy: { modelVersion, engine }, writer: storyteller.credits };
      this.#options.logger.warn(
        facts,
        'story begun anew, because its writer would have written another text',
      );
    }
    const unreadable = storyteller.unreadable(request);
    const constant = { ...storyteller.credits, unreadable, losses, ...inBeginning(beginning) };
    let longest = resumeFrom.length;
    const wrote = (characters: number) => {
      metrics.characters.inc(characters);
      this.#speedometer.wrote(characters);
    };
    let sentAt = Number.NEGATIVE_INFINITY;
    let sending: Promise<void> | undefined;
    const send = (text: string, probabilities: ReturnType<ProbabilitiesOf>) => {
      const progress: StoryProgress = { text, ...probabilities, ...constant };
      sentAt = performance.now();
      sending = job
        .updateProgress(progress)
        // The queue is unreachable: the next snapshot, or the result, makes up for it.
        .catch(() => {})
        .finally(() => {
          sending = undefined;
        });
    };
    const story = await storyteller.tell(request, {
      resumeFrom,
      resumeProbabilities: isContinued ? last?.probabilities : undefined,
      signal,
      onWord: (read, probabilitiesOf) => {
        this.#grewAt = performance.now();
        const pause = Math.max(SNAPSHOT_INTERVAL_MS, SNAPSHOT_SHARE_MS * this.#locks.size);
        if (sending || performance.now() - sentAt < pause) return;
        const text = read();
        if (text.length <= longest) return;
        wrote(text.length - longest);
        longest = text.length;
        send(text, probabilitiesOf(text));
      },
      onResample: () => metrics.redraws.inc(),
    });
    wrote(Math.max(0, story.text.length - longest));
    if (story.ending === 'complete') this.#speedometer.ended(story.text.length - request.prompt.length);
    await sending;
    return { ...story, ...inBeginning(beginning) };
  }
}

/**
 * Announces this worker's status to the bots, at intervals and at every change, until the returned function
 * is called.
 *
 * @param announced called with the status that the queue has accepted
 */
export function keepAnnouncing(
  stories: Stories,
  read: () => WorkerStatus,
  announced: (status: WorkerStatus) => void = () => {},
): () => void {
  let timer: NodeJS.Timeout;
  const announce = () => {
    const status = read();
    stories.announce(status).then(
      () => announced(status),
      () => {},
    );
    timer = setTimeout(
      announce,
      status.phase === 'ready' ? ANNOUNCE_INTERVAL_MS : ANNOUNCE_INTERVAL_LOADING_MS,
    );
  };
  announce();
  return () => clearTimeout(timer);
}
