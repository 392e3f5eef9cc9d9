/** The ledger of downloads: a table next to the files, with one line appended for each file. */
import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printableLine } from '../../../terminal.ts';
import type { Book } from './catalogue.ts';
import type { Fetched } from './client.ts';

export const LEDGER = 'downloads.tsv';
const COLUMNS = ['id', 'file', 'bytes', 'sha256', 'url', 'title', 'author', 'language'] as const;

export interface Entry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a ledger by id. The last line of an id counts; an incomplete line is ignored. */
export async function readLedger(folder: string): Promise<Map<string, Entry>> {
  const text = await readFile(join(folder, LEDGER), 'utf8').catch(() => '');
  const entries = new Map<string, Entry>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [id, file, bytes, sha256] = line.split('\t');
    if (id && file && /^[0-9a-f]{64}$/.test(sha256 ?? ''))
      entries.set(id, { file, bytes: Number(bytes), sha256: sha256! });
  }
  return entries;
}

/** Appends a line, after ending a line that a killed process left incomplete. */
export async function addToLedger(folder: string, book: Book, file: string, fetched: Fetched): Promise<void> {
  const path = join(folder, LEDGER);
  const before = await readFile(path, 'utf8').catch(() => '');
  const head = before === '' ? `${COLUMNS.join('\t')}\n` : before.endsWith('\n') ? '' : '\n';
  const cells = [
    book.id,
    file,
    fetched.bytes,
    fetched.sha256,
    fetched.url,
    book.title,
    book.author,
    book.language,
  ];
  await appendFile(
    path,
    `${head}${cells.map((cell) => printableLine(String(cell).replace(/\s+/g, ' '))).join('\t')}\n`,
  );
}

/** Whether a file matches its entry. */
export async function isWhole(path: string, { bytes, sha256 }: Entry): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  return content?.length === bytes && createHash('sha256').update(content).digest('hex') === sha256;
}
