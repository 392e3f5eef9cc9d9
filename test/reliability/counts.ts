/** Outcomes of requests, and the number of each kind. Pure. */

/** The outcome of one request. */
export type End =
  | 'unheard' // not acknowledged: the user knows
  | 'refused' // refused: the user was told at once
  | 'whole' // the story is there, once, with the text of an undisturbed run
  | 'told' // accepted, and the user was told that the story ended early
  | 'lost' // accepted, without an end
  | 'wrong'; // ended with another text

export interface Fate {
  readonly end: End;
  /** The text that the user reads instead of a story. */
  readonly sentence?: string;
  /** Whether there is more than one copy. */
  readonly isDoubled?: boolean;
  /** The longest time for which it did not grow while it was followed. */
  readonly longestPauseMs?: number;
  /** Checks once more, after all activity has ended. */
  readonly lookAgain?: () => Promise<Pick<Fate, 'end' | 'isDoubled'>>;
}

export interface Counts {
  /** Stories that were promised to a user. */
  readonly accepted: number;
  readonly whole: number;
  readonly told: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  readonly unheard: number;
  readonly longestPauseMs: number;
}

/** Counts outcomes; a story with a wrong text counts as lost. */
export function count(fates: readonly Fate[]): Counts {
  const of = (...ends: End[]) => fates.filter(({ end }) => ends.includes(end)).length;
  return {
    accepted: of('whole', 'told', 'lost', 'wrong'),
    whole: of('whole'),
    told: of('told'),
    lost: of('lost', 'wrong'),
    doubled: fates.filter(({ isDoubled }) => isDoubled).length,
    refused: of('refused'),
    unheard: of('unheard'),
    longestPauseMs: Math.max(0, ...fates.map(({ longestPauseMs = 0 }) => longestPauseMs)),
  };
}

/** The outcomes of several rounds. */
export function sum(rounds: readonly Counts[]): Counts {
  const total = (name: keyof Counts) => rounds.reduce((all, one) => all + one[name], 0);
  return {
    accepted: total('accepted'),
    whole: total('whole'),
    told: total('told'),
    lost: total('lost'),
    doubled: total('doubled'),
    refused: total('refused'),
    unheard: total('unheard'),
    longestPauseMs: Math.max(0, ...rounds.map(({ longestPauseMs }) => longestPauseMs)),
  };
}
