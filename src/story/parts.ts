/** How the parts of a story are joined, and where a user's own words are in them. Pure. */

/** Whether a text begins with a prompt, some of whose letters may be masked. */
export function beginsWith(text: string, prompt: string): boolean {
  for (let index = 0; index < prompt.length; index++) {
    if (text[index] !== prompt[index] && text[index] !== '*') return false;
  }
  return true;
}

/** A space where a sentence ended and the next part begins with a word; empty in the middle of a word. */
export function jointBetween(before: string, after: string): string {
  return /[.!?…"'”’)]$/.test(before) && /^[^\s.,;:!?]/.test(after) ? ' ' : '';
}
