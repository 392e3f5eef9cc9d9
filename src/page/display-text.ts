/** Text made safe to look at. What is copied, saved or linked stays as it was written. Pure. */
import type { Segment } from './continuation.ts';

/** Combining marks on one character; living scripts need fewer, and hundreds climb over the whole page. */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`(\\p{M}{${MARKS_KEPT}})\\p{M}+`, 'gu');
/** Embeddings, overrides and isolates can turn the rest of a line around; plain left and right marks cannot. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Invisible, or drawn as boxes. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;
const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029\f\v]/g;

/** `text` without what could disturb its surroundings. */
export function neutralise(text: string): string {
  return text
    .replace(LINE_BREAKS, '\n')
    .replace(BIDI_CONTROLS, '')
    .replace(CONTROLS, '')
    .replace(MARK_RUN, '$1');
}

/** The paragraphs of a text, each as its stretches. Empty lines only separate. */
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
