/** How the parts of a story are joined, and where a user's own words are in them. Pure. */
import { jointBefore } from './variations.ts';

/** How a part follows the text before it. */
export interface Join {
  /** The space between both; empty where one of them has its own, or a word goes on. */
  readonly joint: string;
  /** Characters of the user's prompt at the beginning of the part; 0 where it does not begin with it. */
  readonly promptLength: number;
}

/**
 * Joins a part to the text before it.
 *
 * @param before the text of the part before; empty for the first part
 * @param text the part; letters of its prompt may be masked
 */
export function joinOf(before: string, text: string, prompt: string): Join {
  const promptLength = beginsWith(text, prompt) ? prompt.length : 0;
  const joint = promptLength > 0 ? jointBefore(text, before) : jointBetween(before, text);
  return { joint, promptLength };
}

/** Whether a text begins with a prompt, some of whose letters may be masked. */
export function beginsWith(text: string, prompt: string): boolean {
  for (let index = 0; index < prompt.length; index++) {
    if (text[index] !== prompt[index] && text[index] !== '*') return false;
  }
  return true;
}

/** A space where a sentence ended and the next part begins with a word; empty in the middle of a word. */
function jointBetween(before: string, after: string): string {
  return /[.!?…"'”’)]$/.test(before) && /^[^\s.,;:!?]/.test(after) ? ' ' : '';
}
