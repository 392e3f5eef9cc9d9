/**
 * How long a story waits for a worker: estimated from the speeds that the workers measure and announce. The
 * only estimate of a wait: admission refuses by it, and waiting replies show it.
 */

/** Generation time, pauses not counted, that one measurement needs. */
const WINDOW_MS = 2_000;
/** Weight of a new measurement in the moving average. */
const WEIGHT = 0.3;
const STORY_WEIGHT = 0.05;

/** A worker's speed. */
export interface Speed {
  /** All stories of the worker together. */
  readonly charactersPerSecond: number;
  /** Characters to generate per story, on average. */
  readonly charactersPerStory: number;
}

/** For a worker that has not measured itself yet: a slow processor's. */
export const SPEED_GUESS: Speed = { charactersPerSecond: 2_000, charactersPerStory: 1_000 };

export interface Load {
  /** Waiting stories before it. */
  readonly waiting: number;
  /** Stories that are being generated; each is half done, on average. */
  readonly running: number;
}

/**
 * The wait in ms; undefined while there is no worker. A worker generates all of its stories at once, so the
 * work of running stories counts, too: stories that began together all end late.
 */
export function expectedWaitMs({ waiting, running }: Load, speeds: readonly Speed[]): number | undefined {
  if (speeds.length === 0) return undefined;
  // While no story waits, a worker has a free slot.
  if (waiting === 0) return 0;
  const storiesPerSecond = speeds.reduce(
    (sum, { charactersPerSecond, charactersPerStory }) => sum + charactersPerSecond / charactersPerStory,
    0,
  );
  return ((waiting + running / 2) / storiesPerSecond) * 1_000;
}

/** Measures how fast a worker generates. */
export class Speedometer {
  readonly #most: number;
  readonly #clock: () => number;
  #speed: Speed = SPEED_GUESS;
  #running = 0;
  #since: number;
  /**
   * Of the window: characters, time in which stories were generated, and time in which all slots were in use.
   */
  #characters = 0;
  #busyMs = 0;
  #fullMs = 0;

  /**
   * @param most stories that the worker takes at once
   * @param clock milliseconds of any beginning
   */
  constructor(most: number, clock: () => number) {
    this.#most = most;
    this.#clock = clock;
    this.#since = clock();
  }

  get speed(): Speed {
    this.#pass();
    return this.#speed;
  }

  /** The number of stories that are being generated from now on. */
  set running(stories: number) {
    this.#pass();
    this.#running = stories;
  }

  wrote(characters: number): void {
    this.#characters += characters;
  }

  /** Records an ended story and its number of generated characters. */
  ended(characters: number): void {
    const { charactersPerStory } = this.#speed;
    this.#speed = {
      ...this.#speed,
      charactersPerStory: Math.max(1, charactersPerStory + STORY_WEIGHT * (characters - charactersPerStory)),
    };
  }

  #pass(): void {
    const now = this.#clock();
    const ms = now - this.#since;
    this.#since = now;
    if (this.#running > 0) this.#busyMs += ms;
    if (this.#running >= this.#most) this.#fullMs += ms;
    if (this.#busyMs < WINDOW_MS) return;
    const seen = (this.#characters / this.#busyMs) * 1_000;
    const { charactersPerSecond } = this.#speed;
    // With fewer stories than slots, the measured speed is only a lower bound.
    const isFull = this.#fullMs > this.#busyMs / 2;
    const next = isFull
      ? charactersPerSecond + WEIGHT * (seen - charactersPerSecond)
      : Math.max(charactersPerSecond, seen);
    this.#speed = { ...this.#speed, charactersPerSecond: Math.max(1, next) };
    this.#characters = 0;
    this.#busyMs = 0;
    this.#fullMs = 0;
  }
}
