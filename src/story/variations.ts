/** The meaning of Continue, Another, Warmer and Cooler, on every platform. Pure. */
import { STORY_BOUNDS, type StoryRequest } from './story.ts';

export type Again = 'continue' | 'another' | 'warmer' | 'cooler';

/** The buttons' labels, in their order. */
export const AGAIN_LABELS: Readonly<Record<Again, string>> = {
  continue: 'Continue',
  another: 'Another',
  warmer: 'Warmer',
  cooler: 'Cooler',
};

/** The change of temperature by Warmer and Cooler. */
export const DEGREE = 0.2;
const TEMPERATURE_STEPS_PER_UNIT = 100;

/** The actions available under a text: an empty text cannot be continued. */
export function againActions(text: string): Again[] {
  const all = Object.keys(AGAIN_LABELS) as Again[];
  return text.trim() === '' ? all.filter((action) => action !== 'continue') : all;
}

/**
 * The request that a button makes.
 *
 * @param last the request of the story
 * @param story its text, without its context
 * @param seed a new seed; Warmer and Cooler keep the old one, so that only the temperature differs
 */
export function requestAgain(again: Again, last: StoryRequest, story: string, seed: number): StoryRequest {
  switch (again) {
    case 'continue':
      return { ...last, prompt: '', context: endOf(last.context + story), seed };
    case 'another':
      return { ...last, seed };
    case 'warmer':
      return { ...last, temperature: warmed(last.temperature, DEGREE) };
    case 'cooler':
      return { ...last, temperature: warmed(last.temperature, -DEGREE) };
  }
}

/** `temperature + change`, within bounds and without binary rounding errors. */
export function warmed(temperature: number, change: number): number {
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
