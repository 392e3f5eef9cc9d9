import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { EPub } from 'epub2';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import type { Book, Cover } from '../../src/export/book.ts';
import { exportBook } from '../../src/export/export.ts';
import { cover } from '../../src/share/cover.ts';
import { skipWithout } from '../helpers/programs.ts';
import { sized } from '../helpers/sized.ts';
import { AT, anyBook, HOSTILE, paragraphTexts, part, THREE_PARTS } from './books.ts';

const run = promisify(execFile);
/** Debian's package. */
const EPUBCHECK = '/usr/share/java/epubcheck.jar';
const skipped =
  (!existsSync(EPUBCHECK) || skipWithout('java') !== false) &&
  'epubcheck is not installed (Debian: apt-get install epubcheck)';
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 900"><rect width="600" height="900"/></svg>';
const COVER: Cover = { mediaType: 'image/svg+xml', bytes: new TextEncoder().encode(SVG) };
const TWO_STORIES: Book = {
  title: 'The best of #space & time',
  stories: [
    { title: 'It began', parts: [part('It began', ' with a < b.')] },
    { title: 'It went on', parts: [part('It went on', ' & on.'), part('', ' And on.')] },
  ],
};

function drawnCover(title: string): Cover {
  return { mediaType: 'image/svg+xml', bytes: new TextEncoder().encode(cover(title, 7)) };
}

const write = (book: Book, cover?: Cover) =>
  exportBook(book, 'epub', { at: AT, ...(cover && { cover }) }).bytes;

test('the archive begins with its media type, stored', () => {
  const bytes = write(THREE_PARTS, COVER);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getUint32(0, true), 0x0403_4b50, 'a local file header');
  assert.equal(view.getUint16(8, true), 0, 'stored');
  assert.equal(view.getUint16(28, true), 0, 'no extra field');
  assert.equal(Buffer.from(bytes.subarray(30, 58)).toString(), 'mimetypeapplication/epub+zip');
});

test('the same book and time give the same bytes, in every time zone', () => {
  const zone = process.env.TZ;
  try {
    const files = ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles'].map((name) => {
      process.env.TZ = name;
      return Buffer.from(write(THREE_PARTS, COVER)).toString('base64');
    });
    assert.equal(new Set(files).size, 1);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test('a part of the only story is a chapter, and so is each of several stories', () => {
  const names = (book: Book) => Object.keys(unzipSync(write(book))).filter((path) => /chapter/.test(path));
  const three = ['EPUB/chapter-1.xhtml', 'EPUB/chapter-2.xhtml', 'EPUB/chapter-3.xhtml'];
  assert.deepEqual(names(THREE_PARTS), three);
  assert.deepEqual(names(TWO_STORIES), three.slice(0, 2));
  const identifier = (book: Book, at: number) =>
    /urn:uuid:[0-9a-f-]{36}/.exec(fileOf(exportBook(book, 'epub', { at }).bytes, 'package.opf'))![0];
  assert.equal(identifier(THREE_PARTS, 0), identifier(THREE_PARTS, 1e12));
  assert.notEqual(identifier(THREE_PARTS, 0), identifier(TWO_STORIES, 0));
  assert.match(fileOf(write(TWO_STORIES), 'package.opf'), /dcterms:modified">2026-11-26T12:00:00Z</);
});

test('no text becomes markup, for any book', () => {
  fc.assert(
    fc.property(anyBook, (book) => {
      const files = Object.entries(unzipSync(write(book)));
      for (const [path, bytes] of files) {
        if (!/\.(?:xhtml|opf)$/.test(path)) continue;
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        assert.doesNotMatch(text, /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Noncharacter_Code_Point}/u);
        for (const [entity] of text.matchAll(/&[^;]*;?/g)) assert.match(entity, /^&(?:amp|lt|gt|quot|#39);$/);
        assert.doesNotMatch(text, /<(?:script|img(?! src="cover)|!\[|!ENTITY|iframe)/);
      }
    }),
    { numRuns: sized(50, 500) },
  );
});

const CASES: readonly (readonly [string, Book, Cover?])[] = [
  ['a story in three parts', THREE_PARTS, COVER],
  ['several stories', TWO_STORIES],
  ['a book with a drawn cover', TWO_STORIES, drawnCover(TWO_STORIES.title)],
  ['a hostile book', HOSTILE, COVER],
];

for (const [name, book, picture] of CASES) {
  test(`epubcheck accepts ${name}`, { skip: skipped }, async (t) => {
    const { stdout, stderr } = await run('java', [
      '-jar',
      EPUBCHECK,
      '--failonwarnings',
      await fileWith(t, write(book, picture)),
    ]);
    assert.match(stdout + stderr, /No errors or warnings detected/);
  });
}

test('a reader library from npm reads a story in three parts back to the same text', async (t) => {
  const path = await fileWith(t, write(THREE_PARTS, COVER));
  const epub = await EPub.createAsync(path);
  assert.deepEqual([epub.metadata.title, epub.metadata.language], [THREE_PARTS.title, 'en']);
  const chapters = (epub.flow as { id: string }[]).filter(({ id }) => id.startsWith('chapter'));
  assert.equal(chapters.length, 3);
  const documents = await Promise.all(chapters.map(({ id }) => epub.getChapterRawAsync(id)));
  assert.deepEqual(documents.flatMap(paragraphsIn), chapterParagraphs(THREE_PARTS));
  const [image, type] = await epub.getImageAsync(epub.metadata.cover!);
  assert.deepEqual([image.toString(), type], [SVG, 'image/svg+xml']);
});

const PYTHON = '/usr/bin/python3';
const READ_WITH_EBOOKLIB = `
import json, sys, warnings
warnings.simplefilter('ignore')
import ebooklib
from ebooklib import epub
from lxml import html
book = epub.read_epub(sys.argv[1])
paragraphs = []
for item_id, _ in book.spine:
    item = book.get_item_with_id(item_id)
    if not item_id.startswith('chapter'): continue
    tree = html.fromstring(item.get_content())
    for footer in tree.findall('.//footer'): footer.getparent().remove(footer)
    paragraphs += [p.text_content() for p in tree.iter('p')]
print(json.dumps({'title': book.title, 'paragraphs': paragraphs}))
`;

test('a reader library of Debian reads a story in three parts back to the same text', async (t) => {
  const hasLibrary = await run(PYTHON, ['-c', 'import ebooklib, lxml']).then(
    () => true,
    () => false,
  );
  if (!hasLibrary) return t.skip('ebooklib is not installed (Debian: apt-get install python3-ebooklib)');
  const { stdout } = await run(PYTHON, [
    '-c',
    READ_WITH_EBOOKLIB,
    await fileWith(t, write(THREE_PARTS, COVER)),
  ]);
  assert.deepEqual(JSON.parse(stdout), {
    title: THREE_PARTS.title,
    paragraphs: chapterParagraphs(THREE_PARTS),
  });
});

/** Each part is a chapter of its own paragraphs. */
function chapterParagraphs({ title, stories }: Book): string[] {
  return stories.flatMap(({ parts }) =>
    parts.flatMap((one) => paragraphTexts({ title, stories: [{ title, parts: [one] }] })),
  );
}

function paragraphsIn(xhtml: string): string[] {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  const story = xhtml.replace(/<footer.*<\/footer>/s, '');
  return [...story.matchAll(/<p [^>]*>(.*?)<\/p>/gs)].map(([, inner]) =>
    inner!.replace(/<[^>]*>/g, '').replace(/&([^;]*);/g, (_, name: string) => named[name]!),
  );
}

function fileOf(epub: Uint8Array, name: string): string {
  return new TextDecoder().decode(unzipSync(epub)[`EPUB/${name}`]);
}

async function fileWith(t: TestContext, bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'epub-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'story.epub');
  await writeFile(path, bytes);
  return path;
}
