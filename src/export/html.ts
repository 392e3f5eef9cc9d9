/** A book as one HTML file that loads nothing, runs nothing, and can be printed. */

import { escapeMarkup } from '../story/paragraphs.ts';
import { type Book, type BookStory, creditsOf, paragraphsOfParts, type WriteBook } from './book.ts';
import { creditsElement, paragraphElements } from './markup.ts';

/** Nothing in the file may load or run anything, for any text. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `:root { color-scheme: light dark; }
body { max-width: 38em; margin: 2em auto; padding: 0 1em; font: 1.1em/1.6 Georgia, serif; overflow-wrap: anywhere; }
h1, h2 { line-height: 1.2; }
article + article { margin-top: 4em; }
.prompt { font-weight: bold; }
.credits { margin-top: 2em; font-size: .8em; opacity: .75; }
@media print { body { margin: 0; max-width: none; } article + article { break-before: page; } }`;

export const writeHtml: WriteBook = (book) => new TextEncoder().encode(htmlOf(book));

function htmlOf({ title, stories }: Book): string {
  const body =
    stories.length === 1
      ? article(stories[0]!, 'h1', title)
      : [
          `<h1 dir="auto">${escapeMarkup(title)}</h1>`,
          ...stories.map((story) => article(story, 'h2', story.title)),
        ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function article(story: BookStory, tag: 'h1' | 'h2', title: string): string {
  const inner = [
    `<${tag} dir="auto">${escapeMarkup(title)}</${tag}>`,
    paragraphElements(paragraphsOfParts(story.parts)),
    creditsElement(creditsOf(story)),
  ];
  return `<article>\n${inner.filter(Boolean).join('\n')}\n</article>`;
}
