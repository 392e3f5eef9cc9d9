/** How long a story that is asked for now would wait for a writer, from what the workers say of their speed. Pure. */

/** What a worker can do. */
export interface Speed {
  /** Of all its stories together. */
  readonly charactersPerSecond: number;
  /** That it has to write for a story, on average. */
  readonly charactersPerStory: number;
}

/** Of a worker that has not measured itself yet: a slow processor's. */
export const SPEED_GUESS: Speed = { charactersPerSecond: 2_000, charactersPerStory: 1_000 };

export interface Load {
  /** Stories before it that wait. */
  readonly waiting: number;
  /** Stories that are being written; each is half done, on average. */
  readonly running: number;
}

/**
 * The wait in ms; undefined while nobody writes. Workers write all of their stories at once, and so the work of
 * those that run counts, too: where they all began together, they all end late.
 */
export function expectedWaitMs({ waiting, running }: Load, speeds: readonly Speed[]): number | undefined {
  if (speeds.length === 0) return undefined;
  // While nobody waits, a writer has room.
  if (waiting === 0) return 0;
  const storiesPerSecond = speeds.reduce(
    (sum, { charactersPerSecond, charactersPerStory }) => sum + charactersPerSecond / charactersPerStory,
    0,
  );
  return ((waiting + running / 2) / storiesPerSecond) * 1_000;
}
