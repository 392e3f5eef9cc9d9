/** Sentences about votes that every platform uses. Pure. */
import type { ModelChoice } from '../../story/story.ts';
import type { PastRound, Vote } from '../../story/vote.ts';
import { footerLine } from '../../story/wording.ts';

export const QUESTION = 'What happens next?';
export const LATE = 'This round is over, so your vote was not counted.';
export const ROUND_IS_OVER = 'This round is over already.';
export const IS_OVER = 'This vote is over.';
export const NOT_KEPT = 'This vote is no longer kept.';
export const OTHER_VERSION = 'This button is from another version. Start a vote with /scifi-vote.';

/** The labels of a vote's buttons besides the choices. */
export const VOTE_LABELS = { close: 'Close this round', end: 'The end', delete: 'Delete' } as const;
export type VoteControl = keyof typeof VOTE_LABELS;

const CONTROL_VERBS: Readonly<Record<VoteControl, string>> = {
  close: 'close this round',
  end: 'end it',
  delete: 'delete it',
};

/** The sentence for a user who may not use a control. */
export function notHost(control: VoteControl): string {
  return `Only the user who started this vote, or a moderator, can ${CONTROL_VERBS[control]}.`;
}

/** `Round 2 of 5`. */
export function roundName({ round, rounds }: Pick<Vote, 'round' | 'rounds'>): string {
  return `Round ${round} of ${rounds}`;
}

export function votesName(count: number): string {
  if (count === 0) return 'no votes yet';
  return count === 1 ? '1 vote' : `${count.toLocaleString('en')} votes`;
}

/** The label of a choice's button: its number, and its votes. */
export function choiceLabel(index: number, count: number): string {
  return count === 0 ? String(index + 1) : `${index + 1} (${count.toLocaleString('en')})`;
}

/** The line under the story while the network writes. */
export function writingLine(vote: Vote): string {
  const last = vote.past.at(-1);
  const before = last ? `${resultOf(last)} · ` : '';
  return `${before}${roundName(vote)} · The computer writes ways to go on…`;
}

/** `2 won with 5 of 9 votes`. */
function resultOf({ counts, winner }: PastRound): string {
  if (winner === undefined) return 'There were no votes, so the story stays as it is';
  return `${winner + 1} won with ${counts[winner]} of ${votesName(sum(counts))}`;
}

/** The line under a story whose vote is over. */
export function endLine(vote: Vote, models: readonly ModelChoice[]): string {
  const credits = footerLine(vote.request, { modelVersion: '', engine: '' }, models);
  return `${endingOf(vote)} · ${credits}`;
}

function endingOf({ ending, past }: Vote): string {
  const votes = sum(past.flatMap(({ counts }) => counts));
  const rounds = past.length === 1 ? '1 round' : `${past.length} rounds`;
  switch (ending) {
    case 'silent':
      return 'Ended after two rounds without a vote';
    case 'failed':
      return 'Ended early: the computer wrote nothing to choose from';
    default:
      return past.length === 0
        ? 'Ended before the first round'
        : `Chosen with ${votesName(votes)} in ${rounds}`;
  }
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
