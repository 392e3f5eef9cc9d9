/**
 * Downloads a bookshelf of Project Gutenberg into a folder, which `buildCorpus` reads. A later run continues
 * an interrupted one: complete files are verified and kept, partial files are continued.
 */
import { rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryError } from '../../../errors.ts';
import { makeFolder } from '../../../make-folder.ts';
import { type Book, type Selection, selectBooks, type Wanted } from './catalogue.ts';
import { type ClientOptions, type Fetched, PoliteClient } from './client.ts';
import { addToLedger, type Entry, isWhole, readLedger } from './ledger.ts';

/** The catalogue may be fetched from the site itself, which renews it once a week. */
export const CATALOGUE = 'https://www.gutenberg.org/cache/epub/feeds/pg_catalog.csv.gz';
/** Project Gutenberg's own server for automated downloads; the site itself is for human visitors. */
export const MIRROR = 'https://gutenberg.pglaf.org/';
/** Requests per second: the site's robots.txt asked for two seconds between requests. */
export const RATE = 0.5;
/** The largest texts on a shelf have about ten megabytes. */
export const BOOK_MEGABYTES_MAX = 32;
const BYTES_PER_MEGABYTE = 1e6;
/** The catalogue has about twenty megabytes, a quarter of that when it is gzipped. */
const CATALOGUE_BYTES_MAX = 128 * BYTES_PER_MEGABYTE;
const CATALOGUE_FILE = 'pg_catalog.csv';
const CATALOGUE_MAX_AGE_MS = 7 * 24 * 3_600_000;
/** This many consecutive failures indicate a general problem. */
const MOST_FAILURES_IN_A_ROW = 5;

export interface DownloadOptions extends Wanted, ClientOptions {
  readonly out: string;
  readonly mirror: string;
  readonly catalogue: string;
  readonly limit?: number | undefined;
  /** Maximum megabytes of one book; `BOOK_MEGABYTES_MAX` by default. */
  readonly bookMegabytes?: number | undefined;
  /** Only the catalogue is fetched. */
  readonly isDry?: boolean;
  readonly onBook?: (event: BookEvent) => void;
}

export interface BookEvent {
  readonly book: Book;
  readonly done: number;
  readonly books: number;
  readonly outcome: 'listed' | 'fetched' | 'already here' | 'no text' | 'failed';
  readonly bytes: number;
  /** The reason of a failure. */
  readonly sentence?: string;
}

export interface DownloadFacts {
  readonly books: number;
  readonly fetched: number;
  readonly alreadyHere: number;
  readonly withoutText: number;
  readonly failed: number;
  readonly bytes: number;
  readonly requests: number;
  readonly unusable: number;
}

/**
 * Downloads the texts of a bookshelf.
 *
 * @throws StoryError `bad_request` when the shelf is not in the catalogue, `not_found` when the mirror serves
 *   nothing
 * @throws the signal's reason when it was aborted
 */
export async function downloadShelf(options: DownloadOptions): Promise<DownloadFacts> {
  const client = new PoliteClient(options);
  await makeFolder(options.out);
  const selection = await selectBooks(await fetchCatalogue(client, options), options);
  checkSelection(selection, options);
  const books = selection.books.slice(0, options.limit);
  const shelf = new Shelf(client, options, await readLedger(options.out));
  const outcomes: Record<BookEvent['outcome'], number> = {
    listed: 0,
    fetched: 0,
    'already here': 0,
    'no text': 0,
    failed: 0,
  };
  let bytes = 0;
  let failuresInARow = 0;
  for (const [i, book] of books.entries()) {
    const event = options.isDry ? ({ outcome: 'listed', bytes: 0 } as const) : await shelf.take(book);
    outcomes[event.outcome] += 1;
    if (event.outcome === 'fetched') bytes += event.bytes;
    options.onBook?.({ ...event, book, done: i + 1, books: books.length });
    failuresInARow = event.outcome === 'failed' ? failuresInARow + 1 : 0;
    if (failuresInARow >= MOST_FAILURES_IN_A_ROW)
      throw new StoryError(
        'not_found',
        `${failuresInARow} books in a row could not be downloaded from ${options.mirror}. The downloaded books are kept; try again later, or with another --mirror.`,
      );
  }
  return {
    books: books.length,
    fetched: outcomes.fetched,
    alreadyHere: outcomes['already here'],
    withoutText: outcomes['no text'],
    failed: outcomes.failed,
    bytes,
    requests: client.requests,
    unusable: selection.unusable,
  };
}

/** Fetches the catalogue unless the stored one is less than a week old. */
async function fetchCatalogue(client: PoliteClient, { out, catalogue }: DownloadOptions): Promise<string> {
  const path = join(out, CATALOGUE_FILE);
  const known = await stat(path).catch(() => undefined);
  if (known && Date.now() - known.mtimeMs < CATALOGUE_MAX_AGE_MS) return path;
  const answer = await client.fetch(
    catalogue,
    `${path}.part`,
    CATALOGUE_BYTES_MAX,
    known?.mtime.toUTCString(),
  );
  if (answer.kind === 'missing') throw new StoryError('not_found', `There is no catalogue at ${catalogue}.`);
  if (answer.kind === 'fetched') await rename(`${path}.part`, path);
  else await utimes(path, new Date(), new Date());
  return path;
}

function checkSelection({ books, similar }: Selection, { bookshelf, language }: Wanted): void {
  if (books.length > 0) return;
  const others = similar.length > 0 ? ` Similar shelves: ${similar.join('; ')}.` : '';
  throw new StoryError(
    'bad_request',
    `The catalogue has no text in "${language}" on a shelf "${bookshelf}".${others}`,
  );
}

/** The folder that receives the books. */
class Shelf {
  readonly #client: PoliteClient;
  readonly #options: DownloadOptions;
  readonly #ledger: ReadonlyMap<string, Entry>;
  /** Whether the mirror has generated files; unknown until the first book. */
  #hasGenerated: boolean | undefined;

  constructor(client: PoliteClient, options: DownloadOptions, ledger: ReadonlyMap<string, Entry>) {
    this.#client = client;
    this.#options = options;
    this.#ledger = ledger;
  }

  async take(book: Book): Promise<Pick<BookEvent, 'outcome' | 'bytes' | 'sentence'>> {
    const file = `${book.id}.txt`;
    const path = join(this.#options.out, file);
    const part = `${path}.part`;
    const entry = this.#ledger.get(book.id);
    if (entry) {
      if (await isWhole(path, entry)) return { outcome: 'already here', bytes: entry.bytes };
      // The process ended after it wrote the line and before it renamed the file.
      if (await isWhole(part, entry)) {
        await rename(part, path);
        return { outcome: 'already here', bytes: entry.bytes };
      }
    }
    try {
      const fetched = await this.#fetch(book.id, part);
      if (!fetched) return { outcome: 'no text', bytes: 0 };
      await addToLedger(this.#options.out, book, file, fetched);
      await rename(part, path);
      return { outcome: 'fetched', bytes: fetched.bytes };
    } catch (error) {
      if (error instanceof StoryError && error.code === 'not_found')
        return { outcome: 'failed', bytes: 0, sentence: error.message };
      throw error;
    }
  }

  /** Tries one name after another. */
  async #fetch(id: string, part: string): Promise<Fetched | undefined> {
    const { generated, main } = namesOf(id);
    const names = this.#hasGenerated === false ? [...main, ...generated] : [...generated, ...main];
    const most = (this.#options.bookMegabytes ?? BOOK_MEGABYTES_MAX) * BYTES_PER_MEGABYTE;
    for (const name of names) {
      const answer = await this.#client.fetch(new URL(name, folderOf(this.#options.mirror)).href, part, most);
      if (answer.kind !== 'fetched') continue;
      this.#hasGenerated ??= generated.includes(name);
      return answer;
    }
    return undefined;
  }
}

/** A base address, made to end with a slash. */
function folderOf(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/** The paths of a book's text below a mirror's root; those that keep more of its characters come first. */
interface Names {
  /** Generated for every book, as UTF-8. Not every mirror has them. */
  readonly generated: readonly string[];
  /**
   * Made by hand, as UTF-8, Latin-1 (or another 8-bit encoding) or ASCII; books from before 2003 may have
   * irregular names.
   */
  readonly main: readonly string[];
}

function namesOf(id: string): Names {
  // Book 12345 is in 1/2/3/4/12345, book 7 in 0/7.
  const folder = `${id.length === 1 ? '0' : [...id.slice(0, -1)].join('/')}/${id}`;
  return {
    generated: [`cache/epub/${id}/pg${id}.txt`],
    main: [`${folder}/${id}-0.txt`, `${folder}/${id}-8.txt`, `${folder}/${id}.txt`],
  };
}
