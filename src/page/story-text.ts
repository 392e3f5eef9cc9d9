import type { Segment } from './continuation.ts';
import { make } from './dom.ts';

/** A segment on the page. */
interface Stretch {
  readonly kind: Segment['kind'];
  readonly span: HTMLElement;
  readonly node: Text;
  text: string;
}

/** A paragraph on the page. */
interface Paragraph {
  readonly element: HTMLElement;
  readonly stretches: Stretch[];
}

/**
 * Paragraphs on the page that grow in place: what is shown already is not touched again, so that a reader's
 * selection stays. A browser's translation, and some extensions, put nodes of their own in place of ours: what
 * is shown is remembered here and not read from the page, and a paragraph that was changed by others is left
 * alone until it has to change, and then made anew.
 */
export class StoryText {
  readonly element = make('div', { class: 'story' });
  #paragraphs: Paragraph[] = [];

  /** Shows exactly these paragraphs. */
  show(paragraphs: readonly (readonly Segment[])[]): void {
    for (const { element } of this.#paragraphs.splice(paragraphs.length)) element.remove();
    for (const [index, segments] of paragraphs.entries()) {
      this.#paragraphs[index] ??= {
        // Each paragraph finds its own direction, and cannot turn its neighbours around.
        element: make('p', { dir: 'auto' }),
        stretches: [],
      };
      showSegments(this.#paragraphs[index], segments);
    }
    if (this.#paragraphs.some(({ element }) => element.parentNode !== this.element)) {
      this.element.replaceChildren(...this.#paragraphs.map(({ element }) => element));
    }
  }

  /** Forgets what is shown, so that everything is made anew. */
  reset(): void {
    this.#paragraphs = [];
    this.element.replaceChildren();
  }
}

function showSegments(paragraph: Paragraph, segments: readonly Segment[]): void {
  const { element, stretches } = paragraph;
  if (isShown(stretches, segments)) return;
  if (!isOurs(paragraph)) {
    element.replaceChildren();
    stretches.length = 0;
  }
  for (const { span } of stretches.splice(segments.length)) span.remove();
  for (const [index, { kind, text }] of segments.entries()) {
    const old = stretches[index];
    if (old?.kind !== kind) {
      const node = document.createTextNode(text);
      const span = make('span', { class: kind }, node);
      if (old) old.span.replaceWith(span);
      else element.append(span);
      stretches[index] = { kind, span, node, text };
      continue;
    }
    // Appending keeps a reader's selection; replacing would drop it.
    if (!text.startsWith(old.text)) old.node.data = text;
    else if (text.length > old.text.length) old.node.appendData(text.slice(old.text.length));
    old.text = text;
  }
}

function isShown(stretches: readonly Stretch[], segments: readonly Segment[]): boolean {
  return (
    stretches.length === segments.length &&
    stretches.every(
      ({ kind, text }, index) => kind === segments[index]!.kind && text === segments[index]!.text,
    )
  );
}

/** Whether a paragraph holds our nodes, with the text that we gave them, and no others. */
function isOurs({ element, stretches }: Paragraph): boolean {
  return (
    element.childNodes.length === stretches.length &&
    stretches.every(
      ({ span, node, text }, index) =>
        element.childNodes[index] === span &&
        span.childNodes.length === 1 &&
        span.firstChild === node &&
        node.data === text,
    )
  );
}
