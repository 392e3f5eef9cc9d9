/**
 * A book as EPUB 3.3 (https://www.w3.org/TR/epub-33/): a ZIP archive of XHTML chapters, whose first file is its media
 * type, stored without compression.
 */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import { type Zippable, zipSync } from 'fflate';
import { type Book, type BookPart, creditsOf, paragraphsOfParts, type WriteBook } from './book.ts';
import {
  chapterDocument,
  coverDocument,
  navigationDocument,
  packageDocument,
  STYLE,
} from './epub-documents.ts';
import { plainCover } from './plain-cover.ts';

/** One chapter: a story, or a part of the only story. */
export interface Chapter {
  readonly title: string;
  /** Without its extension. */
  readonly name: string;
  readonly xhtml: string;
}

const MEDIA_TYPE = 'application/epub+zip';
/** EPUB's fixed path to the package document. */
const CONTAINER = `<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
`;
const COVER_EXTENSION = { 'image/svg+xml': 'svg', 'image/png': 'png', 'image/jpeg': 'jpg' } as const;
/** A ZIP archive stores local time: the first one that it can express, in any time zone, keeps the bytes the same. */
const FIRST_ZIP_TIME = () => new Date(1980, 0, 1);

export const writeEpub: WriteBook = (book, { at, cover = plainCover(book.title) }) => {
  const chapters = chaptersOf(book);
  const coverFile = { name: `cover.${COVER_EXTENSION[cover.mediaType]}`, mediaType: cover.mediaType };
  const facts = { title: book.title, identifier: identifierOf(book), at, chapters, coverFile };
  const documents: Record<string, string> = {
    'META-INF/container.xml': CONTAINER,
    'EPUB/package.opf': packageDocument(facts),
    'EPUB/nav.xhtml': navigationDocument(facts),
    'EPUB/style.css': STYLE,
    'EPUB/cover.xhtml': coverDocument(book.title, coverFile.name),
    ...Object.fromEntries(chapters.map(({ name, xhtml }) => [`EPUB/${name}.xhtml`, xhtml])),
  };
  const encoder = new TextEncoder();
  const files: Zippable = { mimetype: [encoder.encode(MEDIA_TYPE), { level: 0 }] };
  for (const [path, text] of Object.entries(documents)) files[path] = encoder.encode(text);
  files[`EPUB/${coverFile.name}`] = cover.bytes;
  return zipSync(files, { level: 9, mtime: FIRST_ZIP_TIME() });
};

/** A chapter for each story; for each part where there is only one story. */
function chaptersOf({ title, stories }: Book): Chapter[] {
  const [only] = stories;
  const isInParts = stories.length === 1 && only!.parts.length > 1;
  const chapter = (heading: string, parts: readonly BookPart[], index: number) => {
    const credits = creditsOf({ title: heading, parts });
    const xhtml = chapterDocument(heading, paragraphsOfParts(parts), credits);
    return { title: heading, name: `chapter-${index + 1}`, xhtml };
  };
  if (!isInParts) return stories.map((story, index) => chapter(story.title, story.parts, index));
  return only!.parts.map((part, index) => {
    return chapter(index === 0 ? title : `Part ${index + 1}`, [part], index);
  });
}

/** A UUID (version 8) made of the book's content: the same book has the same identifier. */
function identifierOf({ title, stories }: Book): string {
  // Segments can have more fields than those that are written.
  const content = stories.map((story) => [
    story.title,
    ...story.parts.map(({ segments, credits }) => [segments.map(({ kind, text }) => [kind, text]), credits]),
  ]);
  const json = JSON.stringify([title, content]);
  const bytes = sha256(new TextEncoder().encode(json)).slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `urn:uuid:${bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}
