import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Node, Parser } from 'commonmark';
import fc from 'fast-check';
import { BOOK_CHARACTERS_MAX, bookOfStory, oneLine } from '../../src/export/book.ts';
import { exportBook } from '../../src/export/export.ts';
import { EXPORT_FORMATS, type ExportFormat, FORMAT_LABELS, formatNamed } from '../../src/export/formats.ts';
import { storyTitle } from '../../src/story/title.ts';
import { AT, anyBook, CREDITS, HOSTILE, paragraphTexts, part, promptTexts, THREE_PARTS } from './books.ts';

const write = (book: Parameters<typeof exportBook>[0], format: ExportFormat) =>
  new TextDecoder('utf-8', { fatal: true }).decode(exportBook(book, format, { at: AT }).bytes);

test('plain text has the story, one line a paragraph, and its credits', () => {
  assert.equal(
    write(THREE_PARTS, 'text'),
    [
      'On the day when the stars went out, the captain laughed.',
      '“Who is there?” asked the robot. Nobody answered; 3 < 4 & 5 > 4.',
      '1. It was a list_of *things*. Then it ended.',
      '# No heading',
      'no code',
      `--\n${CREDITS}\n${CREDITS}\nClarke abc123 (integer) · wild · seed 8\n`,
    ].join('\n\n'),
  );
});

test('Markdown has the prompts in bold, and escapes what would be markup', () => {
  const lines = write(THREE_PARTS, 'markdown').split('\n\n');
  assert.equal(lines[0], '# On the day when the stars went out');
  assert.equal(lines[1], '**On the day when the stars went out,** the captain laughed.');
  assert.equal(lines[3], '1\\. It was a list\\_of \\*things\\*. **Then** it ended.');
  assert.deepEqual(lines.slice(4, 7), ['\\# No heading', 'no code', '---']);
});

test('HTML is one file that may load and run nothing', () => {
  const html = write(THREE_PARTS, 'html');
  assert.match(html, /^<!doctype html>\n<html lang="en">/);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.match(html, /<p dir="auto"><b class="prompt">On the day when the stars went out,<\/b> the captain/);
  assert.match(html, /3 &lt; 4 &amp; 5 &gt; 4/);
});

test('a book of several stories has a title and a heading for each', () => {
  const stories = ['It began.', 'It ended.'].map((text) => ({
    title: storyTitle(text),
    parts: [part('', text)],
  }));
  const book = { title: 'The best of #space', stories };
  assert.match(write(book, 'text'), /^The best of #space\n={18}\n\n\nIt began\n-{8}\n\nIt began\.\n/);
  assert.match(write(book, 'markdown'), /^# The best of \\#space\n\n## It began\n\nIt began\./);
  assert.equal(write(book, 'html').match(/<h2 dir="auto">/g)?.length, 2);
});

test('Markdown reads back to the same paragraphs, and the same words in bold', () => {
  fc.assert(
    fc.property(anyBook, (book) => {
      const { paragraphs, headings, strong } = readMarkdown(write(book, 'markdown'));
      const credits = book.stories.map(({ parts }) =>
        parts.map(({ credits }) => oneLine(credits)).filter(Boolean),
      );
      const expected = book.stories.flatMap((story, index) => [
        ...paragraphTexts({ ...book, stories: [story] }),
        ...credits[index]!,
      ]);
      assert.deepEqual(paragraphs.map(visible), expected.map(visible));
      const titles =
        book.stories.length === 1 ? [book.title] : [book.title, ...book.stories.map(({ title }) => title)];
      assert.deepEqual(headings.map(visible), titles.map(oneLine).map(visible));
      // Punctuation at the edge of a prompt can be outside of the bold text.
      assert.equal(letters(strong), letters(promptTexts(book)));
    }),
    { numRuns: 1_000 },
  );
});

test('HTML holds no element, attribute or entity that a story made', () => {
  fc.assert(
    fc.property(fc.oneof(anyBook, fc.constant(HOSTILE)), (book) => {
      const body = write(book, 'html').split('<main>')[1]!;
      const tags = new Set(body.match(/<[^>]*>/g));
      const known =
        /^<(?:\/?(?:b|p|h1|h2|article|footer|main|body|html)|p dir="auto"|h[12] dir="auto"|b class="prompt"|footer class="credits")>$/;
      for (const tag of tags) assert.match(tag, known);
      for (const [entity] of body.matchAll(/&[^;]*;?/g)) assert.match(entity, /^&(?:amp|lt|gt|quot|#39);$/);
      const paragraphs = [...body.matchAll(/<p dir="auto">(.*?)<\/p>/gs)].map(([, inner]) =>
        unescapeHtml(inner!),
      );
      const credits = (story: (typeof book.stories)[number]) =>
        story.parts.map((one) => oneLine(one.credits)).filter(Boolean);
      const expected = book.stories.flatMap((story) => [
        ...paragraphTexts({ ...book, stories: [story] }),
        ...credits(story),
      ]);
      assert.deepEqual(paragraphs, expected);
    }),
    { numRuns: 500 },
  );
});

test('no format holds control characters, overrides of direction or half characters', () => {
  for (const format of EXPORT_FORMATS.filter((one) => one !== 'epub')) {
    const text = write(HOSTILE, format);
    assert.doesNotMatch(
      text,
      /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Noncharacter_Code_Point}/u,
      format,
    );
    assert.doesNotMatch(text, /\u0301{5}/);
  }
});

test('a file has a name that every system accepts, and its type', () => {
  const files = EXPORT_FORMATS.map((format) => exportBook(THREE_PARTS, format, { at: AT }));
  assert.deepEqual(
    files.map(({ name, mediaType }) => [name, mediaType.split(';')[0]]),
    [
      ['on-the-day-when-the-stars.epub', 'application/epub+zip'],
      ['on-the-day-when-the-stars.html', 'text/html'],
      ['on-the-day-when-the-stars.md', 'text/markdown'],
      ['on-the-day-when-the-stars.txt', 'text/plain'],
    ],
  );
  assert.equal(exportBook(bookOfStory([part('', '你好')]), 'text', { at: AT }).name, 'story.txt');
  assert.deepEqual(EXPORT_FORMATS.map(formatNamed), [...EXPORT_FORMATS]);
  assert.equal(formatNamed('pdf'), undefined);
  assert.deepEqual(Object.keys(FORMAT_LABELS), [...EXPORT_FORMATS]);
});

test('an empty book and one that is too large are refused', () => {
  for (const format of EXPORT_FORMATS) {
    assert.throws(() => write({ title: 'a', stories: [] }, format), /Expected a book with a story/);
    const large = bookOfStory([part('', 'x'.repeat(BOOK_CHARACTERS_MAX + 1))]);
    assert.throws(() => write(large, format), /Expected at most 4000000 characters/);
  }
});

function readMarkdown(markdown: string) {
  const paragraphs: string[] = [];
  const headings: string[] = [];
  let strong = '';
  const walker = new Parser().parse(markdown).walker();
  for (let event = walker.next(); event; event = walker.next()) {
    const { node, entering } = event;
    if (!entering) continue;
    assert.ok(
      ['document', 'paragraph', 'heading', 'text', 'strong', 'thematic_break'].includes(node.type),
      `${node.type} in ${JSON.stringify(markdown)}`,
    );
    if (node.type === 'paragraph') paragraphs.push(textIn(node));
    if (node.type === 'heading') headings.push(textIn(node));
    if (node.type === 'strong') strong += textIn(node);
  }
  return { paragraphs, headings, strong };
}

function textIn(node: Node): string {
  let text = '';
  const walker = node.walker();
  for (let event = walker.next(); event; event = walker.next()) text += event.node.literal ?? '';
  return text;
}

/** Whitespace at the edges of a block is no content in Markdown. */
function visible(text: string): string {
  return text.trim();
}

/** Without letters of two code units, which can be outside of the bold text, too. */
function letters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]|[\u{10000}-\u{10ffff}]/gu, '');
}

function unescapeHtml(html: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return html.replace(/<[^>]*>/g, '').replace(/&([^;]*);/g, (_, name: string) => named[name]!);
}
