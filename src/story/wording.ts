/** Sentences about stories that every platform uses. Pure. */
import {
  beginningOf,
  type ChannelChoice,
  type ModelChoice,
  presetOf,
  type ReplyState,
  type Story,
  type StoryRequest,
  type StorytellerStatus,
} from './story.ts';

/** `3rd`. */
export function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n.toLocaleString('en')}${ending}`;
}

/** `next in the queue`; empty when the position is unknown. */
export function positionInQueue(position: number | null): string {
  if (position === null || position < 1) return '';
  return position === 1 ? 'next in the queue' : `${ordinal(position)} in the queue`;
}

/** Why a story does not begin when no story worker is available. */
export const NO_STORYTELLER =
  'No storyteller is running. Your story waits, and starts by itself when one comes.';

/** Why a story waits although workers are available. */
export const AFTER_OWN = 'Begins when your other story is done';

/** Why a text that was shown gives way to another one. */
export const BEGUN_ANEW = 'The computer that wrote this story was replaced, so the story began again';

/** `Waking the computer… 40%`. */
export function wakingLine({ loaded }: Pick<StorytellerStatus, 'loaded'>): string {
  return `Waking the computer… ${Math.round(Math.min(1, Math.max(0, loaded)) * 100)}%`;
}

/** `lively`; `classic, temperature 0.4`: what a user gives to have the same sampling again. */
export function samplingName(request: Pick<StoryRequest, 'preset' | 'temperature'>): string {
  const preset = presetOf(request);
  return preset === 'classic' ? `classic, temperature ${request.temperature}` : preset;
}

/** The footer of a finished story: what is needed to reproduce it, and the model and engine that wrote it. */
export function footerLine(
  request: Pick<StoryRequest, 'preset' | 'temperature' | 'seed'> & { readonly model?: string },
  story: Pick<Story, 'modelVersion' | 'engine'>,
  models: readonly ModelChoice[],
): string {
  const title = models.find(({ name }) => name === request.model)?.title ?? request.model ?? 'unknown model';
  // A story that was stopped before a worker began has no model version.
  const writer = story.modelVersion ? ` ${story.modelVersion} (${story.engine})` : '';
  return `${title}${writer} · ${samplingName(request)} · seed ${request.seed} · written by a neural network`;
}

export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The line under a finished story: its footer, preceded by what is not as requested. */
export function smallPrint(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  facts: {
    readonly request: StoryRequest;
    readonly models: readonly ModelChoice[];
    /** Why it ended early, if it did. */
    readonly note?: string | undefined;
    /** Whether the messages show only a part of it. */
    readonly isCut: boolean;
  },
): string {
  if (state.status === 'failed') return state.error.message;
  const { request, models, note, isCut } = facts;
  const parts = [footerLine(request, state, models)];
  const isEmpty = state.text.length <= request.prompt.length;
  if (note) parts.unshift(note);
  else if (isCut) parts.unshift('The rest does not fit here');
  else if (state.ending === 'stopped' && isEmpty) parts.unshift('Stopped before the first word');
  else if (state.unreadable > 0) {
    parts.unshift(`Written without ${state.unreadable} characters unknown to it`);
  }
  if (state.chosen) parts.unshift(chosenLine(state.chosen));
  if (beginningOf(state) > 0) parts.unshift(BEGUN_ANEW);
  return parts.join(' · ');
}

/** `Chosen with 51 votes in 2 rounds`. */
export function chosenLine({ past, ending }: ChannelChoice): string {
  if (ending === 'silent') return 'Ended after two rounds without a vote';
  if (ending === 'failed') return 'Ended early: the computer wrote nothing to choose from';
  if (past.length === 0) return 'Ended before the first round';
  const votes = past.flatMap(({ counts }) => counts).reduce((total, count) => total + count, 0);
  if (votes === 0) return 'Ended without a vote';
  const rounds = past.length === 1 ? '1 round' : `${past.length} rounds`;
  return `Chosen with ${votesName(votes)} in ${rounds}`;
}

export function votesName(count: number): string {
  if (count === 0) return 'no votes yet';
  return count === 1 ? '1 vote' : `${count.toLocaleString('en')} votes`;
}
