/** The buttons under a story, with the same meaning on every platform, and the requests that they make. Pure. */
import { type Preset, presetOf, STORY_BOUNDS, type StoryRequest } from './story.ts';

export type Again = 'continue' | 'another' | 'warmer' | 'cooler';
/** Continues with a sentence of the user's. */
export type Line = 'line';
/** Lets the channel choose how the story goes on. */
export type Poll = 'vote';
/**
 * What the requester of a story, or a moderator, may do to it: `edit` has it written anew, `undo` takes a
 * continuation back, `share` makes a page of it.
 */
export type Own = 'edit' | 'undo' | 'delete' | 'share';

/** The buttons' labels, in their order. */
export const AGAIN_LABELS: Readonly<Record<Again, string>> = {
  continue: 'Continue',
  another: 'Another',
  warmer: 'Warmer',
  cooler: 'Cooler',
};

/** The buttons of the second row. */
export const CHANGE_LABELS: Readonly<Record<Line | Poll | Own, string>> = {
  line: 'My line',
  vote: 'Vote',
  edit: 'Edit',
  undo: 'Undo',
  delete: 'Delete',
  share: 'Share',
};

/** The settings of a request that Warmer and Cooler change. */
type Warmth = Pick<StoryRequest, 'preset' | 'temperature'>;

/** The change of temperature by Warmer and Cooler in the preset `classic`. */
const DEGREE = 0.2;
const TEMPERATURE_STEPS_PER_UNIT = 100;
/** The presets that Warmer and Cooler move between, from cool to warm. */
const SCALE: readonly Preset[] = ['calm', 'lively', 'wild'];

/**
 * The actions available under a story: an empty text cannot be continued, and Warmer and Cooler have an end.
 *
 * @param isChosen whether a channel has chosen it: no request writes such a story again
 */
export function againActions(text: string, request: Warmth, isChosen = false): Again[] {
  return (Object.keys(AGAIN_LABELS) as Again[]).filter((action) => {
    if (action === 'continue') return text.trim() !== '';
    if (isChosen) return false;
    return action === 'another' || warmthAfter(action, request) !== undefined;
  });
}

/**
 * The action that removes a chat's reply. There a continuation is a reply of its own, and taking it back removes
 * that reply.
 */
export function removalOf({ context }: Pick<StoryRequest, 'context'>): Own {
  return context === '' ? 'delete' : 'undo';
}

/** What the actions under a chat's reply depend on besides its text and its request. */
interface ReplyAbilities {
  /** Whether stories can be shared. */
  readonly isSharing?: boolean | undefined;
  /** Whether a vote can take place there. */
  readonly mayVote?: boolean | undefined;
  /** Whether a channel has chosen the story: its requester does not change it alone. */
  readonly isChosen?: boolean | undefined;
}

/** The actions in the second row under a chat's reply: an empty text cannot be continued or shared. */
export function changeActions(
  text: string,
  request: Pick<StoryRequest, 'context'>,
  { isSharing = false, mayVote = false, isChosen = false }: ReplyAbilities = {},
): (Line | Poll | Own)[] {
  const hasText = text.trim() !== '';
  const line: Line[] = hasText ? ['line'] : [];
  const vote: Poll[] = hasText && mayVote ? ['vote'] : [];
  const edit: Own[] = isChosen ? [] : ['edit'];
  const share: Own[] = hasText && isSharing ? ['share'] : [];
  return [...line, ...vote, ...edit, removalOf(request), ...share];
}

/**
 * The request that a button makes.
 *
 * @param last the request of the story
 * @param story its text, without its context
 * @param seed a new seed; Warmer and Cooler keep the old one, so that only the sampling differs
 * @param line the user's sentence with which the story goes on
 */
export function requestAgain(
  again: Again | Line,
  last: StoryRequest,
  story: string,
  seed: number,
  line = '',
): StoryRequest {
  switch (again) {
    case 'continue':
    case 'line': {
      const before = last.context + story;
      return { ...last, prompt: line, context: endOf(before + jointBefore(line, before)), seed };
    }
    case 'another':
      return { ...last, seed };
    case 'warmer':
    case 'cooler':
      return { ...last, ...warmthAfter(again, last) };
  }
}

/** The space between a text and a user's line that follows it; empty where one of them has its own. */
export function jointBefore(line: string, text: string): string {
  return line === '' || text === '' || /\s$/.test(text) || /^[\s.,;:!?…]/.test(line) ? '' : ' ';
}

/** The settings after Warmer or Cooler; undefined where there is nothing warmer or cooler. */
export function warmthAfter(again: 'warmer' | 'cooler', request: Warmth): Warmth | undefined {
  const sign = again === 'warmer' ? 1 : -1;
  const preset = presetOf(request);
  if (preset === 'classic') {
    const temperature = warmed(request.temperature, sign * DEGREE);
    return temperature === request.temperature ? undefined : { temperature };
  }
  const next = SCALE[SCALE.indexOf(preset) + sign];
  return next && { preset: next, temperature: request.temperature };
}

/** `temperature + change`, within bounds and without binary rounding errors. */
function warmed(temperature: number, change: number): number {
  const { min, max } = STORY_BOUNDS.temperature;
  const rounded =
    Math.round((temperature + change) * TEMPERATURE_STEPS_PER_UNIT) / TEMPERATURE_STEPS_PER_UNIT;
  return Math.min(max, Math.max(min, rounded));
}

/** The end of a text, cut at a word boundary. */
export function endOf(text: string, max: number = STORY_BOUNDS.context.max): string {
  if (text.length <= max) return text;
  const tail = text.slice(-max);
  if (/^\s/.test(tail) || /\s/.test(text[text.length - max - 1]!)) return tail;
  const nextWord = tail.search(/\s\S/);
  if (nextWord !== -1) return tail.slice(nextWord + 1);
  // For a single long word, only half of a surrogate pair is removed.
  return tail.replace(/^[\udc00-\udfff]/, '');
}

/** The context of a sentence that follows a text: its end, after which a new word begins. */
export function sentenceContext(text: string): string {
  const ended = text.trimEnd();
  return ended === '' ? '' : endOf(`${ended} `);
}
