/** Every sentence that the page forms itself. Pure. */
import type { ModelChoice, ReplyState, Story, StorytellerStatus } from '../../../story.ts';
import type { Ask } from './reply.ts';

/** The storytellers as the page sees them; `offline` when the server does not answer. */
export type Storytellers = StorytellerStatus | { readonly phase: 'offline' | 'unknown' };

/** `3rd`. */
export function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n.toLocaleString('en')}${ending}`;
}

/** Why a reply has no text yet. */
export function waitingLine(place: number | null, storytellers: Storytellers): string {
  const inQueue =
    place === null || place < 1 ? '' : place === 1 ? 'next in the queue' : `${ordinal(place)} in the queue`;
  switch (storytellers.phase) {
    case 'none':
      return 'No storyteller is running. Your story waits, and starts by itself when one comes.';
    case 'loading':
      return `${wakingLine(storytellers.loaded)}${inQueue && `, ${inQueue}`}`;
    default:
      return inQueue ? sentenceCase(inQueue) : 'Waiting for the computer…';
  }
}

/** What the page's header says about the storytellers. */
export function statusLine(storytellers: Storytellers): string {
  switch (storytellers.phase) {
    case 'ready':
      return 'The computer is ready';
    case 'loading':
      return wakingLine(storytellers.loaded);
    case 'none':
      return 'No storyteller is running';
    case 'offline':
      return 'The computer does not answer. Trying again…';
    case 'unknown':
      return '';
  }
}

/** `temperature 0.4 · 1,200 characters`. */
export function settingsLine(ask: Ask): string {
  return `temperature ${ask.temperature} · ${ask.length.toLocaleString('en')} characters`;
}

/** Under a finished story: enough to get it again, and who wrote it. */
export function footerLine(ask: Ask, story: Story, models: readonly ModelChoice[]): string {
  const title = models.find(({ name }) => name === ask.model)?.title ?? ask.model ?? 'unknown model';
  const version = `${title} ${story.modelVersion} (${story.engine})`;
  return `${version} · temperature ${ask.temperature} · seed ${ask.seed} · written by a neural network`;
}

/** What is worth knowing about an ending; empty when it is an ordinary one. */
export function endingLine(state: ReplyState, words: number): string {
  if (state.status === 'failed') return state.error.message;
  if (state.status !== 'finished') return '';
  if (words === 0)
    return state.ending === 'stopped' ? 'Stopped before the first word.' : 'The computer had nothing to say.';
  if (state.unreadable > 0) {
    const characters =
      state.unreadable === 1 ? '1 character' : `${state.unreadable.toLocaleString('en')} characters`;
    return `The computer could not read ${characters} of what it was given, and wrote without them.`;
  }
  return '';
}

/** What a screen reader is told when a reply ends. */
export function endingAnnouncement(state: ReplyState, words: number): string {
  if (state.status === 'failed') return state.error.message;
  if (state.status !== 'finished') return '';
  if (state.ending === 'stopped') return 'Stopped';
  return `Story finished, ${words.toLocaleString('en')} ${words === 1 ? 'word' : 'words'}`;
}

/** How many words a text has. */
export function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)?.length ?? 0;
}

/** A file name made of a story's first words. */
export function fileNameFor(text: string): string {
  const words = text
    .toLowerCase()
    .match(/[a-z0-9]+/g)
    ?.slice(0, 6)
    .join('-')
    .slice(0, 60);
  return `${words || 'story'}.txt`;
}

function wakingLine(loaded: number): string {
  return `Waking the computer… ${Math.round(Math.min(1, Math.max(0, loaded)) * 100)}%`;
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
