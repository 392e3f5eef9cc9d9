/** Reads Project Gutenberg's catalogue (CSV) and selects the requested books. */
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { StoryError } from '../../../errors.ts';

export interface Book {
  /** Project Gutenberg's number: digits only, so it is safe in a path. */
  readonly id: string;
  readonly title: string;
  readonly author: string;
  readonly language: string;
}

export interface Wanted {
  /** A bookshelf's name in any case; the prefixes "Category:" and "Browsing:" are ignored. */
  readonly bookshelf: string;
  /** A code such as `en`. */
  readonly language: string;
}

export interface Selection {
  /** By number, without duplicates. */
  readonly books: readonly Book[];
  /** Rows of the shelf whose number is not valid, so that they cannot be requested. */
  readonly unusable: number;
  /** Shelves that share a word with the requested name, suggested when no shelf has that name. */
  readonly similar: readonly string[];
}

const ID = /^[1-9]\d{0,6}$/;
const GZIP = [0x1f, 0x8b];
const COLUMNS = ['Text#', 'Type', 'Title', 'Language', 'Authors', 'Bookshelves'] as const;
const MOST_SIMILAR = 8;
/** The real catalogue has a sixth of this size unpacked; the limit stops a gzip bomb of a few kilobytes. */
const MAX_UNPACKED_BYTES = 128e6;
/** Maximum number of characters of a row, including all titles and names. */
const MAX_ROW_CHARACTERS = 1_000_000;

type Row = Readonly<Partial<Record<(typeof COLUMNS)[number], string>>>;

/**
 * Reads a catalogue row by row, gzipped or not. Titles may span lines and contain commas and quotes.
 *
 * @throws StoryError `bad_request` when it is not a catalogue
 */
export async function selectBooks(file: string, wanted: Wanted): Promise<Selection> {
  const books = new Map<string, Book>();
  const similar = new Set<string>();
  const shelf = keyOf(wanted.bookshelf);
  const words = shelf.split(' ').filter((word) => word.length > 2);
  let unusable = 0;
  let rows = 0;
  const parser = parse({
    columns: true,
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const read = async (records: AsyncIterable<Row>) => {
    for await (const row of records) {
      rows += 1;
      if (rows === 1) checkColumns(row, file);
      const shelves = (row.Bookshelves ?? '').split(';').map((name) => name.trim());
      for (const name of shelves)
        if (words.some((word) => keyOf(name).split(' ').includes(word))) similar.add(withoutKind(name));
      if (!shelves.some((name) => keyOf(name) === shelf) || row.Type !== 'Text') continue;
      const languages = (row.Language ?? '').split(';').map((language) => language.trim().toLowerCase());
      if (!languages.includes(wanted.language.toLowerCase())) continue;
      const id = row['Text#']?.trim() ?? '';
      if (!ID.test(id)) unusable += 1;
      else
        books.set(id, {
          id,
          title: row.Title ?? '',
          author: row.Authors ?? '',
          language: languages.join('; '),
        });
    }
  };
  try {
    const bytes = createReadStream(file);
    if (await isPacked(file)) await pipeline(bytes, createGunzip(), bounded(file), parser, read);
    else await pipeline(bytes, parser, read);
  } catch (error) {
    if (error instanceof StoryError) throw error;
    throw new StoryError(
      'bad_request',
      `${file} is no catalogue of Project Gutenberg: ${(error as Error).message}`,
    );
  }
  if (rows === 0)
    throw new StoryError('bad_request', `The catalogue ${file} contains no books. Delete it and try again.`);
  return {
    books: [...books.values()].toSorted((one, other) => Number(one.id) - Number(other.id)),
    unusable,
    similar: [...similar].toSorted().slice(0, MOST_SIMILAR),
  };
}

/** Passes bytes on, and fails when there are more than a catalogue can have. */
function bounded(file: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= MAX_UNPACKED_BYTES) return done(null, chunk);
      const sentence = `${file} is no catalogue of Project Gutenberg: it is larger than ${MAX_UNPACKED_BYTES / 1e6} MB.`;
      done(new StoryError('bad_request', sentence));
    },
  });
}

function checkColumns(row: Row, file: string): void {
  const missing = COLUMNS.filter((column) => !(column in row));
  if (missing.length > 0)
    throw new StoryError(
      'bad_request',
      `${file} is no catalogue of Project Gutenberg: it lacks the columns ${missing.join(', ')}.`,
    );
}

function withoutKind(shelf: string): string {
  return shelf.replace(/^(?:category|browsing):\s*/i, '');
}

/** Normalizes a shelf's name for comparison: "Browsing: Science-Fiction" becomes "science fiction". */
function keyOf(shelf: string): string {
  return withoutKind(shelf)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

async function isPacked(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: GZIP.length - 1 }))
    return GZIP.every((byte, i) => (chunk as Buffer)[i] === byte);
  return false;
}
