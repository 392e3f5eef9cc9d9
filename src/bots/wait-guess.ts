/**
 * A guess of how long somebody in the queue has to wait, made of how fast the queue has been moving for
 * everybody who waits in this process.
 */
import type { StorytellerStatus, Waiting } from '../story/story.ts';
import { AFTER_OWN, NO_STORYTELLER, positionInQueue, sentenceCase, wakingLine } from '../story/wording.ts';
import type { Clock } from './pace.ts';

/** How much a new observation counts. */
const WEIGHT = 0.3;
/** Two looks that are closer than this say nothing about speed. */
const SHORTEST_MS = 500;
/** A speed that was seen this long ago is no longer the queue's. */
const MEMORY_MS = 120_000;

export class WaitGuess {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly position: number; readonly at: number }>();
  #positionsPerMs: number | undefined;
  #learntAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Learns the place of somebody who waits, and guesses the rest of the wait in ms, if anything is known. */
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

  /** Forgets somebody who waits no more. */
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

/** `about 20 seconds`: rounded, because it is a guess. */
export function aboutDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds <= 5) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'about a minute' : `about ${minutes.toLocaleString('en')} minutes`;
}

/** What a waiting reply says. */
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
