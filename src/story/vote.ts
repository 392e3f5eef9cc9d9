/**
 * A vote: a story that a channel writes together. In every round the network offers continuations, users vote for
 * one of them, and the winner joins the story. A choice of openings is a vote of one round in which only the requester
 * of a story votes. Here are its states, and how one follows from another. Pure.
 */
import {
  alternatives,
  CHOICES,
  CONTINUATION_LENGTH,
  firstSentences,
  nextSentences,
} from './continuations.ts';
import { mask } from './filter/find.ts';
import {
  type ChannelChoice,
  type PastRound,
  type ReplyState,
  STORY_BOUNDS,
  type StoryCredits,
  type StoryRequest,
} from './story.ts';
import { jointBefore, sentenceContext } from './variations.ts';

export const VOTE_BOUNDS = {
  rounds: { min: 1, max: 20, default: 5 },
  /** How long users may vote in a round. */
  seconds: { min: 15, max: 600, default: 60 },
} as const;

/** How long a requester may choose an opening, in seconds. */
const OPENINGS_SECONDS = 600;
/** A vote ends after this many rounds in a row in which no user voted. */
const SILENT_ROUNDS = 2;

/** What a user asks for. */
export interface VoteTerms {
  /** The opening, or the story that the vote continues as the context; and the settings of every continuation. */
  readonly request: StoryRequest;
  readonly rounds: number;
  readonly seconds: number;
  /**
   * `openings`: three beginnings of the request's story, of which the requester chooses one, which is then written to
   * its end. Absent for continuations that a channel votes for.
   */
  readonly kind?: 'openings';
}

export type VoteEnding = ChannelChoice['ending'];

export interface Vote extends VoteTerms {
  readonly phase: 'writing' | 'open' | 'over';
  /** The round that is written or open, 1 for the first; the last one when the vote is over. */
  readonly round: number;
  /** The story so far, as it is shown, without its context. */
  readonly text: string;
  /** Who wrote the newest continuations; absent before the first, and in records of earlier versions. */
  readonly credits?: StoryCredits;
  /** The continuations of an open round. */
  readonly choices: readonly string[];
  /** The seeds of the newest continuations; absent as `credits` is. */
  readonly seeds?: readonly number[];
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

/** The terms of a choice of openings. */
export function openingsOf(request: StoryRequest): VoteTerms {
  return { request, rounds: 1, seconds: OPENINGS_SECONDS, kind: 'openings' };
}

/** The story so far, with what it continues. */
export function wholeText({ request: { context }, text }: Pick<Vote, 'request' | 'text'>): string {
  return context === '' ? text : joined(context, text);
}

/** The requests of a round's continuations: the same story so far, under different seeds. */
export function continuationRequests(vote: Vote): StoryRequest[] {
  const { request, round, kind } = vote;
  // The beginning of a story is the same whatever length is asked for, but for a sentence that is ended by force at the
  // limit: there the reply shows the story's own words at its end.
  const shared =
    kind === 'openings'
      ? { ...request, length: Math.min(request.length, request.prompt.length + CONTINUATION_LENGTH) }
      : { ...request, prompt: '', context: sentenceContext(wholeText(vote)), length: CONTINUATION_LENGTH };
  return alternatives({
    ...shared,
    seed: (request.seed + (round - 1) * CHOICES) % (STORY_BOUNDS.seed.max + 1),
  });
}

/** What the network wrote for a round: a text, with the prompt of its request. */
export interface Continuation extends StoryCredits {
  readonly text: string;
  readonly seed: number;
}

/** Offers what the network wrote, each text once; without any of it the vote is over. */
export function offer(vote: Vote, written: readonly Continuation[]): Vote {
  if (vote.phase !== 'writing') return vote;
  const offered = written
    .map((one) => ({ ...one, choice: choiceOf(vote, one.text) }))
    .filter(({ choice }) => choice.trim() !== '')
    // At the temperature 0, all seeds give the same text.
    .filter(({ choice }, index, all) => all.findIndex((other) => other.choice === choice) === index);
  const [first] = offered;
  if (!first) return endVote(vote, 'failed');
  const { modelVersion, engine, unreadable } = first;
  return {
    ...vote,
    phase: 'open',
    choices: offered.map(({ choice }) => choice),
    seeds: offered.map(({ seed }) => seed),
    credits: { modelVersion, engine, unreadable },
  };
}

/** A choice begins with the space before it where it is the beginning of the text that the story will have. */
function choiceOf({ kind, request: { prompt } }: Vote, text: string): string {
  if (kind !== 'openings') return mask(nextSentences(text));
  const rest = text.slice(prompt.length);
  const sentences = firstSentences(rest);
  const length = prompt.length + rest.indexOf(sentences) + sentences.length;
  return mask(text.slice(0, length)).slice(prompt.length);
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

/** The reply that goes on from a vote that is over, in the same message. */
export interface NextReply {
  readonly request: StoryRequest;
  /** `finished` for the story that a channel has chosen, `writing` for an opening, which is written on. */
  readonly state: Extract<ReplyState, { status: 'writing' | 'finished' }>;
  /** Absent where no story was written. */
  readonly credits?: StoryCredits;
}

/** What a vote that is over goes on as; undefined for openings of which none was chosen. */
export function replyAfter(vote: Vote): NextReply | undefined {
  const { request, text, credits, past, ending = 'failed', kind, seeds = [] } = vote;
  if (kind !== 'openings') {
    const { modelVersion = '', engine = '', unreadable = 0 } = credits ?? {};
    const writer = { modelVersion, engine, unreadable };
    const state = {
      status: 'finished',
      ending: 'complete',
      text,
      ...writer,
      chosen: { past, ending },
    } as const;
    return { request, state };
  }
  const [round] = past;
  if (round?.winner === undefined) return undefined;
  const { choices, winner } = round;
  return {
    request: { ...request, seed: seeds[winner] ?? request.seed },
    state: { status: 'writing', text: mask(request.prompt + choices[winner]!) },
    ...(credits && { credits }),
  };
}

function joined(text: string, choice: string): string {
  const before = text.trimEnd();
  return before + jointBefore(choice, before) + choice;
}
