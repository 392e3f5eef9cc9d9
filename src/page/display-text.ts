/** Makes text safe to display. Copied, saved and linked text stays unchanged. Pure. */
import type { Segment } from './continuation.ts';

/** Combining marks kept on one character; living scripts need fewer, and hundreds overlap the whole page. */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`(\\p{M}{${MARKS_KEPT}})\\p{M}+`, 'gu');
/** Embeddings, overrides and isolates can reverse the rest of a line; plain left and right marks cannot. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Control characters: invisible, or drawn as boxes. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;
const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029\f\v]/g;

/** `text` without characters that could disturb the surrounding text. */
export function neutralise(text: string): string {
  return text
    .replace(LINE_BREAKS, '\n')
    .replace(BIDI_CONTROLS, '')
    .replace(CONTROLS, '')
    .replace(MARK_RUN, '$1');
}

/** The paragraphs of a text, each as its segments. Empty lines only separate paragraphs. */
export function paragraphsOf(segments: readonly Segment[]): Segment[][] {
  const paragraphs: Segment[][] = [];
  let current: Segment[] = [];
  const close = () => {
    if (current.some(({ text }) => text.trim() !== '')) paragraphs.push(current);
    current = [];
  };
  for (const { kind, text } of segments) {
    for (const [index, line] of neutralise(text).split('\n').entries()) {
      if (index > 0) close();
      if (line !== '') current.push({ kind, text: line });
    }
  }
  close();
  return paragraphs;
}
