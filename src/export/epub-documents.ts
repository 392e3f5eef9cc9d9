/** The XML documents of an EPUB 3. */

import { escapeMarkup } from '../story/paragraphs.ts';
import type { Cover, Paragraph } from './book.ts';
import { creditsElement, paragraphElements } from './markup.ts';

export interface PackageFacts {
  readonly title: string;
  readonly identifier: string;
  /** The time of the export, in ms since 1970. */
  readonly at: number;
  readonly chapters: readonly { readonly title: string; readonly name: string }[];
  readonly coverFile: { readonly name: string; readonly mediaType: Cover['mediaType'] };
}

export const AUTHOR = 'Write Me A Sci-Fi, a neural network';
const SUMMARY = 'A text of paragraphs with headings and a table of contents; words of a user are bold.';

export const STYLE = `body { margin: 0 1em; line-height: 1.5; overflow-wrap: break-word; }
h1 { line-height: 1.2; text-align: left; }
p { margin: 0 0 .7em; }
.prompt { font-weight: bold; }
.credits { margin-top: 2em; font-size: .8em; }
.cover { margin: 0; padding: 0; text-align: center; }
.cover img { max-width: 100%; max-height: 100%; }
`;

/** The list of all files, their order, and what the book says of itself. */
export function packageDocument({ title, identifier, at, chapters, coverFile }: PackageFacts): string {
  const modified = `${new Date(at).toISOString().slice(0, 19)}Z`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">',
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">',
    `<dc:identifier id="id">${identifier}</dc:identifier>`,
    `<dc:title>${escapeMarkup(title)}</dc:title>`,
    '<dc:language>en</dc:language>',
    `<dc:creator>${AUTHOR}</dc:creator>`,
    `<dc:date>${modified.slice(0, 10)}</dc:date>`,
    `<meta property="dcterms:modified">${modified}</meta>`,
    '<meta property="schema:accessMode">textual</meta>',
    '<meta property="schema:accessModeSufficient">textual</meta>',
    '<meta property="schema:accessibilityFeature">tableOfContents</meta>',
    '<meta property="schema:accessibilityHazard">none</meta>',
    `<meta property="schema:accessibilitySummary">${SUMMARY}</meta>`,
    // Readers of EPUB 2 find the cover by this.
    '<meta name="cover" content="cover-image"/>',
    '</metadata>',
    '<manifest>',
    item('nav', 'nav.xhtml', 'application/xhtml+xml', 'nav'),
    item('style', 'style.css', 'text/css'),
    item('cover-image', coverFile.name, coverFile.mediaType, 'cover-image'),
    item('cover', 'cover.xhtml', 'application/xhtml+xml'),
    ...chapters.map(({ name }) => item(name, `${name}.xhtml`, 'application/xhtml+xml')),
    '</manifest>',
    '<spine>',
    '<itemref idref="cover"/>',
    ...chapters.map(({ name }) => `<itemref idref="${name}"/>`),
    '</spine>',
    '</package>',
  ];
  return `${lines.join('\n')}\n`;
}

/** The table of contents. */
export function navigationDocument({ title, chapters }: PackageFacts): string {
  const entries = chapters.map(
    (chapter) => `<li><a href="${chapter.name}.xhtml">${escapeMarkup(chapter.title)}</a></li>`,
  );
  return xhtml(
    title,
    `<nav epub:type="toc" id="toc">\n<h1>Contents</h1>\n<ol>\n${entries.join('\n')}\n</ol>\n</nav>`,
  );
}

export function chapterDocument(
  title: string,
  paragraphs: readonly Paragraph[],
  credits: readonly string[],
): string {
  const inner = [
    `<h1 dir="auto">${escapeMarkup(title)}</h1>`,
    paragraphElements(paragraphs),
    creditsElement(credits),
  ];
  return xhtml(title, `<section epub:type="chapter">\n${inner.filter(Boolean).join('\n')}\n</section>`);
}

export function coverDocument(title: string, file: string): string {
  const image = `<img src="${file}" alt="Cover: ${escapeMarkup(title)}"/>`;
  return xhtml(title, `<section epub:type="cover" class="cover">\n${image}\n</section>`);
}

function xhtml(title: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head>
<title>${escapeMarkup(title)}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body>
${body}
</body>
</html>
`;
}

function item(id: string, href: string, mediaType: string, properties?: string): string {
  const property = properties ? ` properties="${properties}"` : '';
  return `<item id="${id}" href="${href}" media-type="${mediaType}"${property}/>`;
}
