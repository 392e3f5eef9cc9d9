/** Shows the text of a story as paragraphs that grow. */
import type { Segment } from '../story/paragraphs.ts';
import { make } from './browser.ts';

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
