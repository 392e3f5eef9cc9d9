/**
 * How long a story that is requested now would wait for a worker, from the speeds that the workers report.
 * Pure.
 */

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
