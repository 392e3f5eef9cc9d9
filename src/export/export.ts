/** Every format in which a book is exported. Pure: runs in browsers, too. */
import { type Book, checkBook, type WriteBook, type WriteOptions } from './book.ts';
import { writeEpub } from './epub.ts';
import type { ExportFormat } from './formats.ts';
import { writeHtml } from './html.ts';
import { writeMarkdown } from './markdown.ts';
import { writeText } from './text.ts';

/** A file, ready to be saved or sent. */
export interface ExportedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const FILES: Readonly<Record<ExportFormat, { extension: string; mediaType: string; write: WriteBook }>> = {
  epub: { extension: 'epub', mediaType: 'application/epub+zip', write: writeEpub },
  html: { extension: 'html', mediaType: 'text/html; charset=utf-8', write: writeHtml },
  markdown: { extension: 'md', mediaType: 'text/markdown; charset=utf-8', write: writeMarkdown },
  text: { extension: 'txt', mediaType: 'text/plain; charset=utf-8', write: writeText },
};

/**
 * A book as a file.
 *
 * @throws RangeError when the book has no story, or more than `BOOK_CHARACTERS_MAX` characters
 */
export function exportBook(book: Book, format: ExportFormat, options: WriteOptions): ExportedFile {
  checkBook(book);
  const { extension, mediaType, write } = FILES[format];
  return {
    name: `${slugOf(book.title)}.${extension}`,
    mediaType,
    bytes: write(book, options) as Uint8Array<ArrayBuffer>,
  };
}

/** Most words and characters of a file's name. */
const SLUG_WORDS = 6;
const SLUG_MAX = 60;

/** A file's name from a title: letters, digits and hyphens of ASCII, which every system accepts. */
function slugOf(title: string): string {
  const words =
    title
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.slice(0, SLUG_WORDS) ?? [];
  return words.join('-').slice(0, SLUG_MAX) || 'story';
}
