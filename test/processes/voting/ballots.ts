/** What people chose in a vote, and which counts follow from that. Pure. */
import assert from 'node:assert/strict';
import { beginVote, closeRound, type Vote } from '../../../src/story/vote.ts';

/** A press of a choice's button. The presses of one person follow each other. */
export interface Cast {
  readonly round: number;
  /** The index of the choice. */
  readonly choice: number;
  /** How long the acknowledgement took, in ms; undefined when there was none. */
  readonly acknowledgedMs: number | undefined;
  /** What the user was told, after all is quiet: that it counts, that it was late, or nothing. */
  readonly fate: () => 'counted' | 'late' | 'unheard';
}

export class Ballots {
  readonly #casts = new Map<string, Cast[]>();

  /** Notes a press after all earlier ones of the same person. */
  note(person: string, cast: Cast): void {
    const casts = this.#casts.get(person) ?? [];
    casts.push(cast);
    this.#casts.set(person, casts);
  }

  /** All presses. */
  all(): readonly Cast[] {
    return [...this.#casts.values()].flat();
  }

  count(fate: ReturnType<Cast['fate']>): number {
    return this.all().filter((cast) => cast.fate() === fate).length;
  }

  /**
   * All counts that may be right in a round: one, unless a press was neither acknowledged nor refused.
   *
   * @param choices how many the round has
   */
  countsOf(round: number, choices: number): ReadonlySet<string> {
    let reachable = new Set([Array(choices).fill(0).join()]);
    for (const casts of this.#casts.values()) {
      let possible = new Set<number | undefined>([undefined]);
      for (const cast of casts) {
        if (cast.round !== round || cast.fate() === 'late') continue;
        possible = cast.fate() === 'counted' ? new Set([cast.choice]) : possible.add(cast.choice);
      }
      const next = new Set<string>();
      for (const counts of reachable) {
        for (const choice of possible) next.add(plusOne(counts, choice));
      }
      reachable = next;
    }
    return reachable;
  }
}

function plusOne(counts: string, choice: number | undefined): string {
  return counts
    .split(',')
    .map((count, index) => Number(count) + (index === choice ? 1 : 0))
    .join();
}

/**
 * Fails unless each round of a vote was counted once and as people voted, and its story has the winners, in order.
 *
 * @returns the rounds
 */
export function checkVote(vote: Vote, ballots: Ballots): number {
  assert.equal(vote.phase, 'over');
  let replayed = beginVote(vote);
  for (const [index, { choices, counts }] of vote.past.entries()) {
    const possible = ballots.countsOf(index + 1, choices.length);
    assert.ok(
      possible.has(counts.join()),
      `round ${index + 1}: ${counts}, and not ${[...possible].join(' or ')}`,
    );
    replayed = closeRound({ ...replayed, phase: 'open', choices }, counts);
  }
  assert.deepEqual(vote.past, replayed.past);
  assert.equal(vote.text, replayed.text);
  return vote.past.length;
}

/** A state of a vote that users saw. */
export interface SeenState {
  readonly at: number;
  /** Undefined when the message shows no round. */
  readonly round: number | undefined;
  /** When the open round ends, in ms since 1970, by the message. */
  readonly endsAt: number | undefined;
}

/**
 * Fails if a round was shown again after a later one, or ended before its time.
 *
 * @param closed rounds that were closed early
 * @returns how late each of the other rounds ended, in ms
 */
export function latenessOf(states: readonly SeenState[], closed: ReadonlySet<number>): number[] {
  const lateMs: number[] = [];
  let [round, endsAt] = [0, undefined as number | undefined];
  for (const state of states) {
    if (state.round !== undefined) assert.ok(state.round >= round, `round ${state.round} after ${round}`);
    const isNext = endsAt !== undefined && state.endsAt === undefined;
    if (isNext && !closed.has(round)) {
      assert.ok(state.at >= endsAt!, `round ${round} ended ${endsAt! - state.at} ms before its time`);
      lateMs.push(state.at - endsAt!);
    }
    round = state.round ?? round;
    endsAt = state.endsAt;
  }
  return lateMs;
}
