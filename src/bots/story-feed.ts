/**
 * What a reply gets of its story: an enduring connection to the stories queue, the newest update, the pace at
 * which it is revealed, and the line that it shows while it waits.
 */
import { outlast } from '../queue/outage.ts';
import type { ReplyTask } from '../queue/reply-worker.ts';
import type { Stories, StoryProgress, StoryUpdate } from '../queue/stories.ts';
import type { Probabilities } from '../story/probabilities.ts';
import { beginningOf, type StoryCredits, type StorytellerStatus, type Waiting } from '../story/story.ts';
import { AFTER_OWN, NO_STORYTELLER, positionInQueue, sentenceCase, wakingLine } from '../story/wording.ts';
import type { Clock } from './cooldowns.ts';

/** The part of the stories queue that a reply needs. */
export interface StorySource {
  add(id: string, request: ReplyTask<unknown>['request'], priority: number): Promise<void>;
  promote(id: string): Promise<void>;
  follow(id: string, listener: (update: StoryUpdate) => void, isNew?: boolean): () => void;
  position(id: string): Promise<number | null>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/**
 * The stories queue for one reply: operations wait while the queue is unavailable, until the reply is
 * released.
 */
export function lastingStories(
  stories: StorySource,
  { signal, confirm }: Pick<ReplyTask<unknown>, 'signal' | 'confirm'>,
): StorySource {
  return {
    add(id, request, level) {
      let isRepeated = false;
      return outlast(async () => {
        // Another process may have finished the reply meanwhile and removed its story; a story added again
        // would never be removed.
        if (isRepeated) await confirm();
        isRepeated = true;
        await stories.add(id, request, level);
      }, signal);
    },
    promote: (id) => outlast(() => stories.promote(id), signal),
    follow: (id, listener, isNew) => stories.follow(id, listener, isNew),
    position: (id) => stories.position(id),
    stop: (id) => outlast(() => stories.stop(id), signal),
    remove: (id) => outlast(() => stories.remove(id), signal),
  };
}

/** Events received and not yet handled, and the wait for the next one. */
export class Updates {
  progress: StoryProgress | undefined;
  story: (StoryUpdate & { type: 'done' })['story'] | undefined;
  failure: (StoryUpdate & { type: 'failed' }) | undefined;
  missing = false;
  stopped = false;
  #wake: ((kind: 'news' | 'urgent') => void) | undefined;
  /** What happened while no wait was in progress. */
  #missed: 'news' | 'urgent' | undefined;

  /** The newest text, if any. */
  get text(): string | undefined {
    return this.story?.text ?? this.progress?.text;
  }

  /** Its probabilities, if it has them. */
  get probabilities(): Probabilities | undefined {
    return (this.story ?? this.progress)?.probabilities;
  }

  /** Its beginning; see `Begun`. */
  get beginning(): number {
    return beginningOf(this.story ?? this.progress ?? {});
  }

  /** The model and engine of the story's text in a beginning; another one may have another writer. */
  creditsOf(beginning: number): StoryCredits | undefined {
    const writer = [this.story, this.progress].find((text) => text && beginningOf(text) === beginning);
    if (!writer) return undefined;
    const { modelVersion, engine, unreadable } = writer;
    return { modelVersion, engine, unreadable };
  }

  take(update: StoryUpdate): void {
    if (update.type === 'waiting') return;
    if (update.type === 'missing') {
      this.missing = true;
      this.wake();
      return;
    }
    if (update.type === 'done') this.story = update.story;
    else if (update.type === 'failed') this.failure = update;
    else if (isNewer(update.progress, this.progress)) this.progress = update.progress;
    else return;
    this.#tell('news');
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Ends any wait. */
  wake(): void {
    this.#tell('urgent');
  }

  /**
   * Waits for `ms`, or until something urgent happens; returns at once when something urgent happened since
   * the last wait.
   *
   * @param forNews whether news of the story counts as urgent: when there is nothing left to reveal
   */
  wait(ms: number, forNews: boolean): Promise<void> {
    const missed = this.#missed;
    this.#missed = undefined;
    if (missed === 'urgent' || (missed === 'news' && forNews)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = (kind) => {
        if (kind === 'urgent' || forNews) done();
      };
    });
  }

  #tell(kind: 'news' | 'urgent'): void {
    if (this.#wake) this.#wake(kind);
    else if (this.#missed !== 'urgent') this.#missed = kind;
  }
}

/** Whether a snapshot is of a later beginning, or longer; an earlier one can arrive late. */
function isNewer(progress: StoryProgress, known: StoryProgress | undefined): boolean {
  if (!known) return true;
  const beginnings = beginningOf(progress) - beginningOf(known);
  return beginnings > 0 || (beginnings === 0 && progress.text.length > known.text.length);
}

/** Reveals a text at reading speed, because the network writes faster than users read. */
export class Pace {
  readonly #charactersPerSecond: number;
  readonly #clock: Clock;
  /** Characters that may be shown; the fraction carries over to the next call. */
  #allowed: number;
  #lookedAt: number | undefined;

  /**
   * @param charactersPerSecond 0 for as fast as the text comes
   * @param from characters that are already shown
   */
  constructor(charactersPerSecond: number, from: number, clock: Clock) {
    if (!(charactersPerSecond >= 0)) {
      throw new RangeError(`Expected a pace of 0 or more characters a second, got ${charactersPerSecond}.`);
    }
    this.#charactersPerSecond = charactersPerSecond;
    this.#allowed = from;
    this.#clock = clock;
  }

  /**
   * Returns the part of a text that may be shown now. It ends at the end of a word, or is everything when
   * `text` may be shown whole. Time in which there was no text to show is not caught up.
   *
   * @param start characters that cost no time: the user's prompt
   */
  reveal(text: string, start: number): string {
    if (this.#charactersPerSecond === 0) return text;
    const now = this.#clock();
    const elapsed = this.#lookedAt === undefined ? 0 : now - this.#lookedAt;
    this.#lookedAt = now;
    const allowed = Math.max(this.#allowed, start) + (elapsed / 1_000) * this.#charactersPerSecond;
    // The allowance never shrinks: a shorter text from a replacement worker causes no further wait.
    this.#allowed = Math.max(this.#allowed, Math.min(allowed, text.length));
    if (this.#allowed >= text.length) return text;
    const end = Math.floor(this.#allowed);
    const space = Math.max(text.lastIndexOf(' ', end), text.lastIndexOf('\n', end));
    return text.slice(0, Math.max(space, start)).trimEnd();
  }
}

/** How long a count of running stories is used for estimates. */
const LOAD_AGE_MS = 1_000;

/** The text of a waiting reply, with an estimate from the workers' measured speed. */
export function waitingLines(
  stories: Pick<Stories, 'status' | 'load' | 'expectedWaitMs'>,
  clock: Clock,
): (waiting: Waiting) => Promise<string> {
  let running: Promise<number | undefined> | undefined;
  let countedAt = Number.NEGATIVE_INFINITY;
  return async (waiting) => {
    const { position } = waiting;
    if (position === null) return waitingLine(waiting, stories.status(), undefined);
    if (clock() - countedAt >= LOAD_AGE_MS) {
      countedAt = clock();
      running = stories.load().then(
        (load) => load.running,
        () => undefined,
      );
    }
    const others = await running;
    const ms = others === undefined ? undefined : stories.expectedWaitMs(position, others);
    return waitingLine(waiting, stories.status(), ms);
  };
}

/** @param waitMs the expected wait; undefined where there is no estimate */
export function waitingLine(
  { position, afterOwn }: Waiting,
  { phase, loaded }: StorytellerStatus,
  waitMs: number | undefined,
): string {
  if (phase === 'none') return NO_STORYTELLER;
  if (afterOwn) return AFTER_OWN;
  const inQueue = positionInQueue(position);
  const estimate = inQueue && waitMs !== undefined ? `, ${aboutDuration(waitMs)}` : '';
  if (phase === 'loading') return `${wakingLine({ loaded })}${inQueue && `, ${inQueue}`}${estimate}`;
  return inQueue ? sentenceCase(inQueue) + estimate : 'Waiting for the computer…';
}

/** `about 20 seconds`: rounded, because it is an estimate. */
export function aboutDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds <= 5) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'about a minute' : `about ${minutes.toLocaleString('en')} minutes`;
}
