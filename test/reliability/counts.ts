/** What became of requests, and how many there were of each kind. Pure. */

/** What became of one request. */
export type End =
  | 'unheard' // nobody acknowledged it: the person knows
  | 'refused' // the person was told at once that it cannot be
  | 'whole' // the story is there, once, with the very text of an undisturbed run
  | 'told' // it was accepted, and the person was told that there will be no more
  | 'lost' // it was accepted, and nothing more is heard of it
  | 'wrong'; // it ended with another text

export interface Fate {
  readonly end: End;
  /** What the person reads in the place of a story. */
  readonly sentence?: string;
  /** Whether there is more of it than one. */
  readonly isDoubled?: boolean;
  /** The longest time for which it did not grow while it was followed. */
  readonly longestPauseMs?: number;
  /** Looks once more, when everything has come to rest. */
  readonly lookAgain?: () => Promise<Pick<Fate, 'end' | 'isDoubled'>>;
}

export interface Counts {
  /** Stories that somebody was promised. */
  readonly accepted: number;
  readonly whole: number;
  readonly told: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  readonly unheard: number;
  readonly longestPauseMs: number;
}

/** Counts fates; a story with another text than it should have counts as lost. */
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

/** What happened over several rounds. */
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
