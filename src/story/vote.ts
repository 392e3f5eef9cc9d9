/**
 * A vote: a story that a channel writes together. In every round the network offers continuations, users vote for
 * one of them, and the winner joins the story. Here are its states, and how one follows from another. Pure.
 */
import { mask } from './filter/find.ts';
import { STORY_BOUNDS, type StoryRequest } from './story.ts';
import { endOf, jointBefore } from './variations.ts';

export const VOTE_BOUNDS = {
  rounds: { min: 1, max: 20, default: 5 },
  /** How long users may vote in a round. */
  seconds: { min: 15, max: 600, default: 60 },
} as const;

/** Continuations in a round. */
export const CHOICES = 3;
/** A vote ends after this many rounds in a row in which no user voted. */
const SILENT_ROUNDS = 2;
/** The most characters that the network writes of a continuation, before it is cut at the end of a sentence. */
const CONTINUATION_LENGTH = 280;
/** A continuation is one sentence if that has at least this many characters, and two otherwise. */
const ENOUGH = 80;
/** The end of a sentence, with the quotation marks and brackets that belong to it. */
const SENTENCE_END = /[.!?…]+["'”’)\]]*(?=\s|$)/g;

/** What a user asks for. */
export interface VoteTerms {
  /** The opening, and the settings of every continuation. */
  readonly request: StoryRequest;
  readonly rounds: number;
  readonly seconds: number;
}

/** A round that is over. */
export interface PastRound {
  readonly choices: readonly string[];
  /** Votes for each choice. */
  readonly counts: readonly number[];
  /** The index of the choice that joined the story; undefined when no user voted. */
  readonly winner?: number;
}

/**
 * `complete`: all rounds took place. `ended`: the host or a moderator ended it. `silent`: two rounds had no votes.
 * `failed`: the network wrote nothing, or the vote cannot be shown.
 */
export type VoteEnding = 'complete' | 'ended' | 'silent' | 'failed';

export interface Vote extends VoteTerms {
  readonly phase: 'writing' | 'open' | 'over';
  /** The round that is written or open, 1 for the first; the last one when the vote is over. */
  readonly round: number;
  /** The story so far, as it is shown. */
  readonly text: string;
  /** The continuations of an open round. */
  readonly choices: readonly string[];
  /** When an open round ends, in ms since 1970; absent until its choices are shown. */
  readonly endsAt?: number;
  /** Whether no round follows the present one. */
  readonly isLast?: true;
  readonly past: readonly PastRound[];
  readonly ending?: VoteEnding;
}

export function beginVote(terms: VoteTerms): Vote {
  return { ...terms, phase: 'writing', round: 1, text: mask(terms.request.prompt), choices: [], past: [] };
}

/** The requests of a round's continuations: the same story so far, under different seeds. */
export function continuationRequests({ request, round, text }: Vote): StoryRequest[] {
  return Array.from({ length: CHOICES }, (_, index) => ({
    ...request,
    prompt: '',
    context: endOf(text),
    length: CONTINUATION_LENGTH,
    seed: (request.seed + (round - 1) * CHOICES + index) % (STORY_BOUNDS.seed.max + 1),
  }));
}

/** The first sentence of a text, or the first two where the first is short; without a sentence, the whole text. */
export function firstSentences(text: string): string {
  const written = text.trim();
  const ends = [...written.matchAll(SENTENCE_END)].map((end) => end.index + end[0].length);
  const [first = written.length, second = first] = ends;
  return written.slice(0, first >= ENOUGH ? first : second);
}

/** Offers what the network wrote; without any of it the vote is over. */
export function offer(vote: Vote, texts: readonly string[]): Vote {
  if (vote.phase !== 'writing') return vote;
  const choices = texts.map((text) => mask(firstSentences(text))).filter((choice) => choice !== '');
  if (choices.length === 0) return endVote(vote, 'failed');
  return { ...vote, phase: 'open', choices };
}

/** Sets the end of an open round, which is never moved to a later time. */
export function endRoundAt(vote: Vote, endsAt: number): Vote {
  if (vote.phase !== 'open') return vote;
  return { ...vote, endsAt: Math.min(endsAt, vote.endsAt ?? endsAt) };
}

/**
 * Counts an open round: the winner joins the story, the first of several with the most votes. Without a vote nothing
 * joins it.
 */
export function closeRound(vote: Vote, counts: readonly number[]): Vote {
  if (vote.phase !== 'open') return vote;
  const { choices, isLast, round, rounds, text } = vote;
  const most = Math.max(...counts);
  const winner = counts.indexOf(most);
  const result: PastRound = { choices, counts, ...(most > 0 ? { winner } : {}) };
  const { endsAt: _, ...others } = vote;
  const next: Vote = {
    ...others,
    phase: 'writing',
    choices: [],
    past: [...vote.past, result],
    text: most > 0 ? joined(text, choices[winner]!) : text,
  };
  if (isLast) return endVote(next, 'ended');
  const silent = next.past.slice(-SILENT_ROUNDS);
  if (silent.length === SILENT_ROUNDS && silent.every((one) => one.winner === undefined)) {
    return endVote(next, 'silent');
  }
  return round >= rounds ? endVote(next, 'complete') : { ...next, round: round + 1 };
}

/** Ends a vote without counting its present round. */
export function endVote(vote: Vote, ending: VoteEnding): Vote {
  const { endsAt: _, ...others } = vote;
  return vote.phase === 'over' ? vote : { ...others, phase: 'over', choices: [], ending };
}

function joined(text: string, choice: string): string {
  const before = text.trimEnd();
  return before + jointBefore(choice, before) + choice;
}
