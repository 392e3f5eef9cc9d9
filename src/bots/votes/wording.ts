/** Sentences about votes that every platform uses. Pure. */
import type { ModelChoice, PastRound } from '../../story/story.ts';
import type { Vote } from '../../story/vote.ts';
import { chosenLine, footerLine, votesName } from '../../story/wording.ts';
import { notOwner } from '../ownership.ts';

const QUESTION = 'What happens next?';
const WHICH_BEGINNING = 'How does the story begin?';
export const CHOOSE_BELOW = 'Three ways to begin come below. The one that you choose becomes the story.';
export const NOT_REQUESTER = 'Only the user who asked for this story can choose how it begins.';
export const CHOSEN = 'The beginning of this story is chosen already, or it is too late to choose it.';
export const VOTE_BEGINS = 'The vote begins below. You can close a round early, and end the story.';
const NOT_CHOSEN = 'Nothing was chosen in time, so there is no story. Ask for one again with /scifi';
const NOTHING_WRITTEN = 'The computer wrote nothing to choose from. Ask again with /scifi';
export const LATE = 'This round is over, so your vote was not counted.';
export const ROUND_IS_OVER = 'This round is over already.';
export const IS_OVER = 'This vote is over.';
export const NOT_KEPT = 'This vote is no longer kept.';
export const OTHER_VERSION = 'This button is from another version. Start a vote with /scifi-vote.';

/** The labels of a vote's buttons besides the choices. */
export const VOTE_LABELS = { close: 'Close this round', end: 'The end', delete: 'Delete' } as const;
export type VoteControl = keyof typeof VOTE_LABELS;

/** The sentence for a user who may not use a control. */
export function notHost(control: VoteControl): string {
  if (control === 'delete') return notOwner('delete');
  const verb = control === 'close' ? 'close this round' : 'end it';
  return `Only the user who started this vote, or a moderator, can ${verb}.`;
}

/** The question above the choices. */
export function questionOf({ kind }: Vote): string {
  return kind === 'openings' ? WHICH_BEGINNING : QUESTION;
}

/** The line under the choices, without the end of the round: `Round 2 of 5 · 3 votes`. */
export function roundLine(vote: Vote, counts: readonly number[]): string {
  if (vote.kind === 'openings') return 'Only the user who asked can choose';
  return `${roundName(vote)} · ${votesName(sum(counts))}`;
}

/** The controls of a vote; none when it is over. */
export function controlsOf({ kind, phase }: Vote): readonly VoteControl[] {
  if (phase === 'over') return [];
  if (kind === 'openings') return ['delete'];
  return phase === 'writing' ? ['end'] : ['close', 'end'];
}

/** `Round 2 of 5`. */
function roundName({ round, rounds }: Pick<Vote, 'round' | 'rounds'>): string {
  return `Round ${round} of ${rounds}`;
}

/** The label of a choice's button: its number, and its votes. */
export function choiceLabel(index: number, count: number): string {
  return count === 0 ? String(index + 1) : `${index + 1} (${count.toLocaleString('en')})`;
}

/** The line under the story while the network writes. */
export function writingLine(vote: Vote): string {
  if (vote.kind === 'openings') return 'The computer writes three ways to begin…';
  const last = vote.past.at(-1);
  const before = last ? `${resultOf(last)} · ` : '';
  if (vote.phase === 'over') return `${before}The computer proposes titles…`;
  return `${before}${roundName(vote)} · The computer writes ways to go on…`;
}

/** `2 won with 5 of 9 votes`. */
function resultOf({ counts, winner }: PastRound): string {
  if (winner === undefined) return 'There were no votes, so the story stays as it is';
  return `${winner + 1} won with ${counts[winner]} of ${votesName(sum(counts))}`;
}

/** The line under a vote that is over and has no reply. */
export function endLine(vote: Vote, models: readonly ModelChoice[]): string {
  if (vote.kind === 'openings') return vote.ending === 'failed' ? NOTHING_WRITTEN : NOT_CHOSEN;
  const { past, ending = 'failed' } = vote;
  const credits = footerLine(vote.request, { modelVersion: '', engine: '' }, models);
  return `${chosenLine({ past, ending })} · ${credits}`;
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
