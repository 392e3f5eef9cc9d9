/**
 * Estimates how long a story in the queue waits, from the speed at which the queue moved for all waiting
 * stories of this process.
 */
import type { StorytellerStatus, Waiting } from '../story/story.ts';
import { AFTER_OWN, NO_STORYTELLER, positionInQueue, sentenceCase, wakingLine } from '../story/wording.ts';
import type { Clock } from './pace.ts';

/** Weight of a new observation in the moving average. */
const WEIGHT = 0.3;
/** Two observations that are closer than this give no usable speed. */
const SHORTEST_MS = 500;
/** A speed older than this is discarded. */
const MEMORY_MS = 120_000;

export class WaitGuess {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly position: number; readonly at: number }>();
  #positionsPerMs: number | undefined;
  #learntAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Records the position of a waiting story, and returns the estimated rest of its wait in ms, if there is an
   * estimate.
   */
  look(id: string, position: number): number | undefined {
    const at = this.#clock();
    const last = this.#seen.get(id);
    if (!last) this.#seen.set(id, { position, at });
    else if (at - last.at >= SHORTEST_MS) {
      this.#seen.set(id, { position, at });
      this.#learn(Math.max(0, last.position - position) / (at - last.at), at);
    }
    return this.#positionsPerMs && at - this.#learntAt < MEMORY_MS
      ? position / this.#positionsPerMs
      : undefined;
  }

  /** Forgets a story that no longer waits. */
  forget(id: string): void {
    this.#seen.delete(id);
  }

  #learn(positionsPerMs: number, at: number): void {
    const before = this.#positionsPerMs;
    this.#positionsPerMs =
      before === undefined ? positionsPerMs : before + WEIGHT * (positionsPerMs - before);
    this.#learntAt = at;
  }
}

/** `about 20 seconds`: rounded, because it is an estimate. */
export function aboutDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds <= 5) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'about a minute' : `about ${minutes.toLocaleString('en')} minutes`;
}

/** The text of a waiting reply. */
export function waitingLine(
  { position, afterOwn }: Waiting,
  { phase, loaded }: StorytellerStatus,
  guessMs: number | undefined,
): string {
  if (phase === 'none') return NO_STORYTELLER;
  if (afterOwn) return AFTER_OWN;
  const inQueue = positionInQueue(position);
  const guess = inQueue && guessMs !== undefined ? `, ${aboutDuration(guessMs)}` : '';
  if (phase === 'loading') return `${wakingLine({ loaded })}${inQueue && `, ${inQueue}`}${guess}`;
  return inQueue ? sentenceCase(inQueue) + guess : 'Waiting for the computer…';
}
