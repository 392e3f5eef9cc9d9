/** Makes the text of a story safe to display, and shows it as paragraphs that grow. */
import { make } from './browser.ts';
import type { Segment } from './reply.ts';

/** Combining marks kept on one character; living scripts need fewer, and hundreds overlap the whole page. */
const MARKS_KEPT = 4;
const MARK_RUN = new RegExp(`(\\p{M}{${MARKS_KEPT}})\\p{M}+`, 'gu');
/** Embeddings, overrides and isolates can reverse the rest of a line; plain left and right marks cannot. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Control characters: invisible, or drawn as boxes. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;
const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029\f\v]/g;

/** A segment on the page. */
interface ShownSegment {
  readonly kind: Segment['kind'];
  readonly span: HTMLElement;
  readonly node: Text;
  text: string;
  source: Segment['source'];
}

/** A node on the page with written text. */
export interface TextLine {
  readonly node: Text;
  /** See `Segment`. */
  readonly reply: number;
  readonly from: number;
  readonly length: number;
}

/** A paragraph on the page. */
interface Paragraph {
  readonly element: HTMLElement;
  readonly shown: ShownSegment[];
}

/**
 * Paragraphs on the page that grow: shown text is not changed, so that a reader's selection stays. A
 * browser's translation, and some extensions, replace the page's nodes: so the shown text is stored here and
 * not read from the page, and a paragraph that others changed stays until its text changes, and is then
 * rebuilt.
 */
export class StoryText {
  readonly element = make('div', { class: 'story' });
  #paragraphs: Paragraph[] = [];

  /** Makes the page show these paragraphs. */
  show(paragraphs: readonly (readonly Segment[])[]): void {
    for (const { element } of this.#paragraphs.splice(paragraphs.length)) element.remove();
    for (const [index, segments] of paragraphs.entries()) {
      this.#paragraphs[index] ??= {
        // Each paragraph has its own text direction, and cannot change that of its neighbours.
        element: make('p', { dir: 'auto' }),
        shown: [],
      };
      showSegments(this.#paragraphs[index], segments);
    }
    if (this.#paragraphs.some(({ element }) => element.parentNode !== this.element)) {
      this.element.replaceChildren(...this.#paragraphs.map(({ element }) => element));
    }
  }

  /** The written text on the page, in reading order; without paragraphs that others changed. */
  lines(): TextLine[] {
    return this.#paragraphs.flatMap((paragraph) =>
      isUnmodified(paragraph)
        ? paragraph.shown.flatMap(({ node, text, source }) =>
            source ? [{ node, ...source, length: text.length }] : [],
          )
        : [],
    );
  }

  /** Discards the stored text, so that all paragraphs are rebuilt. */
  reset(): void {
    this.#paragraphs = [];
    this.element.replaceChildren();
  }
}

function showSegments(paragraph: Paragraph, segments: readonly Segment[]): void {
  const { element, shown } = paragraph;
  if (isShown(shown, segments)) return;
  if (!isUnmodified(paragraph)) {
    element.replaceChildren();
    shown.length = 0;
  }
  for (const { span } of shown.splice(segments.length)) span.remove();
  for (const [index, { kind, text, source }] of segments.entries()) {
    const old = shown[index];
    if (old?.kind !== kind) {
      const node = document.createTextNode(text);
      const span = make('span', { class: kind }, node);
      if (old) old.span.replaceWith(span);
      else element.append(span);
      shown[index] = { kind, span, node, text, source };
      continue;
    }
    // Appending keeps a reader's selection; replacing would drop it.
    if (!text.startsWith(old.text)) old.node.data = text;
    else if (text.length > old.text.length) old.node.appendData(text.slice(old.text.length));
    old.text = text;
    old.source = source;
  }
}

function isShown(shown: readonly ShownSegment[], segments: readonly Segment[]): boolean {
  return (
    shown.length === segments.length &&
    shown.every(({ kind, text }, index) => kind === segments[index]!.kind && text === segments[index]!.text)
  );
}

/** Whether a paragraph holds exactly the nodes and text that this class set. */
function isUnmodified({ element, shown }: Paragraph): boolean {
  return (
    element.childNodes.length === shown.length &&
    shown.every(
      ({ span, node, text }, index) =>
        element.childNodes[index] === span &&
        span.childNodes.length === 1 &&
        span.firstChild === node &&
        node.data === text,
    )
  );
}

/**
 * `text` without characters that could disturb the surrounding text. For display only: copied, saved and
 * linked text stays unchanged.
 */
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
