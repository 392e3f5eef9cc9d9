/** What HTML and XHTML share: escaping, and paragraphs. */
import { neutralise } from '../story/paragraphs.ts';
import type { Paragraph } from './book.ts';

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

/** Paragraphs as elements. Each has its own text direction, and cannot change that of its neighbours. */
export function paragraphElements(paragraphs: readonly Paragraph[]): string {
  return paragraphs
    .map((paragraph) => `<p dir="auto">${paragraph.map(segmentElement).join('')}</p>`)
    .join('\n');
}

function segmentElement({ kind, text }: Paragraph[number]): string {
  return kind === 'prompt' ? `<b class="prompt">${escapeMarkup(text)}</b>` : escapeMarkup(text);
}

/** Lines under a story, as a footer; empty without any. */
export function creditsElement(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<footer class="credits">\n${lines.map((line) => `<p dir="auto">${escapeMarkup(line)}</p>`).join('\n')}\n</footer>`;
}
