/**
 * Builds a corpus from a folder of files: cleans them, removes duplicates and works that are not English, and
 * splits the corpus by work. Each file is read, cleaned and written before the next, so memory does not grow
 * with the corpus.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { open, readdir, rename } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { StoryError } from '../../errors.ts';
import { BOUNDARY } from '../../generator/vocabulary.ts';
import { makeFolder } from '../../make-folder.ts';
import { type CleanedWork, cleanWork, LEAST_CHARACTERS, notEnglish } from './clean.ts';
import { Duplicates } from './duplicates.ts';

export const SPLITS = ['train', 'valid', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Percentage of works for each of validation and test. */
const VALID_PERCENT = 5;
const TEST_PERCENT = 5;
/** Maximum size of a work; a larger file may be an archive, or hold many works. */
export const MOST_BYTES = 64 * 2 ** 20;
const MANIFEST = 'manifest.tsv';
const COLUMNS = [
  'split',
  'id',
  'title',
  'author',
  'encoding',
  'bytes',
  'characters',
  'sha256',
  'file',
  'note',
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string | number | undefined>>;

export interface CorpusFacts {
  readonly files: number;
  readonly works: Readonly<Record<Split, number>>;
  readonly characters: Readonly<Record<Split, number>>;
  /** Files that were left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/** Why a file is left out: one word for the facts, one sentence for the manifest. */
interface Refusal {
  readonly reason: 'too large' | 'too short' | 'not English' | 'duplicate';
  readonly note: string;
}

/**
 * Builds `train.txt`, `valid.txt`, `test.txt` and `manifest.tsv` in a folder. Every work begins with U+0003.
 * The same files give the same corpus. The files of an earlier corpus stay until all new ones are written.
 *
 * @param onFile called before each file and once at the end
 * @throws StoryError `bad_request` when the folder cannot be read or holds no text files
 */
export async function buildCorpus(
  rawFolder: string,
  outFolder: string,
  onFile: (done: number, files: number) => void = () => {},
): Promise<CorpusFacts> {
  const files = await textFilesIn(rawFolder);
  await makeFolder(outFolder);
  const out = openOutputs(outFolder);
  const works = zeros();
  const characters = zeros();
  const dropped: Record<string, number> = {};
  const duplicates = new Duplicates();
  const reader = new Reader();
  let bytes = 0;
  await write(out.get(MANIFEST)!, `${COLUMNS.join('\t')}\n`);
  for (const [done, file] of files.entries()) {
    onFile(done, files.length);
    const { size, content } = await reader.read(join(rawFolder, file));
    bytes += size;
    const work = content && cleanWork(content);
    const id = work?.header.id ?? basename(file, extname(file));
    const refusal = refuse(work, size) ?? (work && refuseDuplicate(duplicates, id, work));
    const split = refusal ? undefined : splitOf(id);
    if (refusal) dropped[refusal.reason] = (dropped[refusal.reason] ?? 0) + 1;
    if (split && work) {
      works[split] += 1;
      characters[split] += work.text.length;
      await write(out.get(`${split}.txt`)!, `${BOUNDARY}${work.text}\n`);
    }
    const row: Row = {
      split: split ?? 'dropped',
      id,
      title: work?.header.title,
      author: work?.header.author,
      encoding: work?.encoding,
      bytes: size,
      characters: work?.text.length,
      sha256: content && createHash('sha256').update(content).digest('hex'),
      file,
      note: refusal?.note,
    };
    await write(out.get(MANIFEST)!, lineOf(row));
  }
  onFile(files.length, files.length);
  await closeOutputs(outFolder, out);
  return { files: files.length, works, characters, dropped, bytes };
}

/** A work's split. It depends on the id alone, so a work keeps its split when the corpus grows. */
export function splitOf(id: string): Split {
  const percentile = createHash('sha256').update(id).digest().readUInt32BE(0) % 100;
  if (percentile < VALID_PERCENT) return 'valid';
  return percentile < VALID_PERCENT + TEST_PERCENT ? 'test' : 'train';
}

async function textFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new StoryError('bad_request', `${folder} cannot be read (${error.code}). Give an existing folder.`);
  });
  const files = names.filter((name) => extname(name).toLowerCase() === '.txt').toSorted();
  if (files.length === 0)
    throw new StoryError('bad_request', `There are no .txt files in ${folder}. Give a folder with texts.`);
  return files;
}

/** Reads files one after another into the same buffer, which grows to the size of the largest. */
class Reader {
  #memory = Buffer.alloc(0);

  /**
   * A file's size and its content, which the next read overwrites; no content when the file is too large for
   * a work.
   */
  async read(path: string): Promise<{ readonly size: number; readonly content: Buffer | undefined }> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MOST_BYTES) return { size, content: undefined };
      if (this.#memory.length < size) this.#memory = Buffer.alloc(size);
      let read = 0;
      while (read < size) {
        const { bytesRead } = await file.read(this.#memory, read, size - read, read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      return { size: read, content: this.#memory.subarray(0, read) };
    } finally {
      await file.close();
    }
  }
}

function refuse(work: CleanedWork | undefined, size: number): Refusal | undefined {
  if (!work) return { reason: 'too large', note: `${size} bytes are more than a work may have` };
  if (work.text.length < LEAST_CHARACTERS)
    return { reason: 'too short', note: `fewer than ${LEAST_CHARACTERS} characters remain` };
  const note = notEnglish(work);
  return note === undefined ? undefined : { reason: 'not English', note };
}

function refuseDuplicate(duplicates: Duplicates, id: string, work: CleanedWork): Refusal | undefined {
  const repeated = duplicates.add(id, work.text);
  return repeated === undefined ? undefined : { reason: 'duplicate', note: `it duplicates ${repeated}` };
}

function zeros(): Record<Split, number> {
  return { train: 0, valid: 0, test: 0 };
}

function lineOf(row: Row): string {
  return `${COLUMNS.map((column) => String(row[column] ?? '').replace(/\s+/g, ' ')).join('\t')}\n`;
}

/** The files of a corpus by name; each is written next to the one that it replaces. */
function openOutputs(folder: string): Map<string, WriteStream> {
  const names = [...SPLITS.map((split) => `${split}.txt`), MANIFEST];
  return new Map(names.map((name) => [name, createWriteStream(join(folder, `${name}.new`))]));
}

async function closeOutputs(folder: string, out: ReadonlyMap<string, WriteStream>): Promise<void> {
  for (const [name, stream] of out) {
    stream.end();
    await finished(stream);
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
}

async function write(stream: WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
}
