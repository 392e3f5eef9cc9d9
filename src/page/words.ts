/** All sentences that the page forms itself. Pure. */
import {
  beginningOf,
  type ModelChoice,
  type ReplyState,
  type StorytellerStatus,
  type Waiting,
} from '../story/story.ts';
import {
  AFTER_OWN,
  BEGUN_ANEW,
  footerLine,
  NO_STORYTELLER,
  positionInQueue,
  samplingName,
  sentenceCase,
  wakingLine,
} from '../story/wording.ts';
import type { Ask, Reply } from './reply.ts';

/** While the network writes what the user is to choose from. */
export const WRITING_WAYS = 'The computer writes ways to go on…';

/** The storytellers' status on the page; `offline` when the server does not answer. */
export type Storytellers = StorytellerStatus | { readonly phase: 'offline' | 'unknown' };

/** Why a reply has no text yet. */
export function waitingLine({ position, afterOwn }: Waiting, storytellers: Storytellers): string {
  const inQueue = positionInQueue(position);
  switch (storytellers.phase) {
    case 'none':
      return NO_STORYTELLER;
    case 'loading':
      return `${wakingLine(storytellers)}${inQueue && `, ${inQueue}`}`;
    default:
      if (afterOwn) return AFTER_OWN;
      return inQueue ? sentenceCase(inQueue) : 'Waiting for the computer…';
  }
}

/** The header's text about the storytellers. */
export function statusLine(storytellers: Storytellers): string {
  switch (storytellers.phase) {
    case 'ready':
      return 'The computer is ready';
    case 'loading':
      return wakingLine(storytellers);
    case 'none':
      return 'No storyteller is running';
    case 'offline':
      return 'The computer does not answer. Trying again…';
    case 'unknown':
      return '';
  }
}

/** `lively · 1,200 characters`. */
export function settingsLine(ask: Pick<Ask, 'preset' | 'temperature' | 'length' | 'brief'>): string {
  const length = ask.brief ? 'chosen step by step' : `${ask.length.toLocaleString('en')} characters`;
  return `${samplingName(ask)} · ${length}`;
}

/** What is needed to generate a thread again: a line for each finished part. */
export function footerLines(replies: readonly Reply[], models: readonly ModelChoice[]): string[] {
  return replies.flatMap(({ ask, state }) =>
    state.status === 'finished' ? [footerLine(ask, state, models)] : [],
  );
}

/** A note about a story that began anew; empty for any other. */
export function beginningLine(state: ReplyState): string {
  const hasBegun = state.status === 'writing' || state.status === 'finished';
  return hasBegun && beginningOf(state) > 0 ? `${BEGUN_ANEW}.` : '';
}

/** A note about an ending; empty for an ordinary one. */
export function endingLine(state: ReplyState, words: number): string {
  if (state.status === 'failed') return state.error.message;
  if (state.status !== 'finished') return '';
  if (words === 0)
    return state.ending === 'stopped' ? 'Stopped before the first word.' : 'The computer wrote nothing.';
  const notes = [beginningLine(state)];
  if (state.ending === 'stopped') notes.push('Stopped.');
  if (state.unreadable > 0) {
    const characters =
      state.unreadable === 1 ? '1 character' : `${state.unreadable.toLocaleString('en')} characters`;
    notes.push(`The computer could not read ${characters} of its input, and left them out.`);
  }
  return notes.filter((note) => note !== '').join(' ');
}

/** The screen reader's announcement when a reply ends. */
export function endingAnnouncement(state: ReplyState, words: number): string {
  if (state.status === 'failed') return state.error.message;
  if (state.status !== 'finished') return '';
  if (state.ending === 'stopped') return 'Stopped';
  return `Story finished, ${words.toLocaleString('en')} ${words === 1 ? 'word' : 'words'}`;
}

/** The screen reader's announcement when there is something to choose from, or nothing was written. */
export function choicesAnnouncement(choices: readonly Reply[], last: ReplyState): string {
  const { length } = choices;
  if (length === 0) return endingAnnouncement(last, 0);
  return length === 1 ? 'One way to go on' : `Choose one of ${length} ways to go on`;
}

/** The number of words in a text. */
export function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)?.length ?? 0;
}

/** A file name made from a story's first words. */
export function fileNameFor(text: string, extension = 'txt'): string {
  const words = text
    .toLowerCase()
    .match(/[a-z0-9]+/g)
    ?.slice(0, 6)
    .join('-')
    .slice(0, 60);
  return `${words || 'story'}.${extension}`;
}
