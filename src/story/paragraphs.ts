/** A story's text as paragraphs of segments, safe to display. Pure. */

/** A segment of a story's text, written by the user or by the network. */
export interface Segment {
  readonly kind: 'prompt' | 'written';
  readonly text: string;
  /** Where written text comes from: the index of its part, and the offset of its first character there. */
  readonly source?: { readonly reply: number; readonly from: number };
}

/** Combining marks kept on one character; living scripts need fewer, and hundreds overlap the whole page. */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`(\\p{M}{${MARKS_KEPT}})\\p{M}+`, 'gu');
/** Embeddings, overrides and isolates can reverse the rest of a line; plain left and right marks cannot. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Control characters: invisible, or drawn as boxes. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;
const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029\f\v]/g;
/** Half a surrogate pair, and code points that are no characters: XML forbids most of them. */
const NO_CHARACTERS = /[\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/**
 * `text` without characters that could disturb the surrounding text, or that XML forbids. For display and for
 * files: copied and linked text stays unchanged.
 */
export function neutralise(text: string): string {
  return text
    .replace(LINE_BREAKS, '\n')
    .replace(BIDI_CONTROLS, '')
    .replace(CONTROLS, '')
    .replace(NO_CHARACTERS, '\ufffd')
    .replace(MARK_RUN, '$1');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Any text as the content of an element or of a quoted attribute, in HTML and in XML 1.0. */
export function escapeMarkup(text: string): string {
  return neutralise(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** The paragraphs of a text, each as its segments. Empty lines only separate paragraphs. */
export function paragraphsOf(segments: readonly Segment[]): Segment[][] {
  const paragraphs: Segment[][] = [];
  let current: Segment[] = [];
  const close = () => {
    if (current.some(({ text }) => text.trim() !== '')) paragraphs.push(current);
    current = [];
  };
  for (const { kind, text, source } of segments) {
    const safe = neutralise(text);
    // Offsets hold only where nothing was left out.
    let from = source && safe.length === text.length ? source.from : undefined;
    for (const [index, line] of safe.split('\n').entries()) {
      if (index > 0) close();
      const origin = source && from !== undefined ? { source: { reply: source.reply, from } } : {};
      if (line !== '') current.push({ kind, text: line, ...origin });
      if (from !== undefined) from += line.length + 1;
    }
  }
  close();
  return paragraphs;
}
