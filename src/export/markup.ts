/** What HTML and XHTML share: paragraphs, and the lines under a story. */
import { escapeMarkup } from '../story/paragraphs.ts';
import type { Paragraph } from './book.ts';

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
