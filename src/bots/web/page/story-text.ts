import type { Segment } from './continuation.ts';
import { make } from './dom.ts';

/** Paragraphs on the page that grow in place: what is shown already is not touched again. */
export class StoryText {
  readonly element = make('div', { class: 'story' });

  /** Shows exactly these paragraphs. */
  show(paragraphs: readonly (readonly Segment[])[]): void {
    const shown = this.element.children;
    while (shown.length > paragraphs.length) shown[shown.length - 1]!.remove();
    for (const [index, segments] of paragraphs.entries()) {
      // Each paragraph finds its own direction, and cannot turn its neighbours around.
      const paragraph = shown[index] ?? this.element.appendChild(make('p', { dir: 'auto' }));
      showSegments(paragraph, segments);
    }
  }
}

function showSegments(paragraph: Element, segments: readonly Segment[]): void {
  while (paragraph.childNodes.length > segments.length) paragraph.lastChild!.remove();
  for (const [index, { kind, text }] of segments.entries()) {
    const old = paragraph.childNodes[index] as HTMLElement | undefined;
    if (old?.className !== kind) {
      const span = make('span', { class: kind }, text);
      if (old === undefined) paragraph.append(span);
      else old.replaceWith(span);
      continue;
    }
    const node = old.firstChild as Text;
    // Appending keeps a reader's selection; replacing would drop it.
    if (text.startsWith(node.data)) {
      if (text.length > node.data.length) node.appendData(text.slice(node.data.length));
    } else node.data = text;
  }
}
