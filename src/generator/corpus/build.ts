/**
 * A folder of files as a corpus: cleaned, without what is not English or there twice, and split by work. A file is
 * read, cleaned and written before the next, so memory does not grow with the corpus.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { StoryError } from '../../errors.ts';
import { END_OF_TEXT } from '../vocabulary.ts';
import { cleanWork, LEAST_CHARACTERS, notEnglish } from './clean.ts';
import { Duplicates } from './duplicates.ts';

export const SPLITS = ['train', 'valid', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Of a hundred works so many are for validation and for the test. */
const VALID_PERCENT = 5;
const TEST_PERCENT = 5;
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

export interface CorpusFacts {
  readonly files: number;
  readonly works: Readonly<Record<Split, number>>;
  readonly characters: Readonly<Record<Split, number>>;
  /** Files that were left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/**
 * Builds `train.txt`, `valid.txt`, `test.txt` and `manifest.tsv` in a folder. Every work begins with U+0003; the same
 * files make the same corpus.
 *
 * @throws StoryError `bad_request` when the folder cannot be read or holds no text files
 */
export async function buildCorpus(
  rawFolder: string,
  outFolder: string,
  onFile: (done: number, files: number) => void = () => {},
): Promise<CorpusFacts> {
  const names = await readdir(rawFolder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new StoryError('bad_request', `${rawFolder} cannot be read (${error.code}).`);
  });
  const files = names.filter((name) => extname(name).toLowerCase() === '.txt').toSorted();
  if (files.length === 0) throw new StoryError('bad_request', `There are no .txt files in ${rawFolder}.`);
  await mkdir(outFolder, { recursive: true });
  const out = Object.fromEntries(
    [...SPLITS.map((split) => `${split}.txt`), 'manifest.tsv'].map((name) => [
      name,
      createWriteStream(join(outFolder, `${name}.new`)),
    ]),
  );
  const facts = {
    files: files.length,
    works: zeros(),
    characters: zeros(),
    dropped: {} as Record<string, number>,
    bytes: 0,
  };
  const duplicates = new Duplicates();
  await write(out['manifest.tsv']!, `${COLUMNS.join('\t')}\n`);
  for (const [done, file] of files.entries()) {
    onFile(done, files.length);
    const bytes = await readFile(join(rawFolder, file));
    const work = cleanWork(bytes);
    const { header, encoding, text } = work;
    const id = header.id ?? basename(file, extname(file));
    const isShort = text.length < LEAST_CHARACTERS;
    const foreign = isShort ? undefined : notEnglish(work);
    const repeated = isShort || foreign ? undefined : duplicates.add(id, text);
    const note = isShort
      ? `fewer than ${LEAST_CHARACTERS} characters are left`
      : (foreign ?? (repeated === undefined ? '' : `it repeats ${repeated}`));
    const split = note === '' ? splitOf(id) : undefined;
    facts.bytes += bytes.length;
    if (split) {
      facts.works[split] += 1;
      facts.characters[split] += text.length;
      await write(out[`${split}.txt`]!, `${END_OF_TEXT}${text}\n`);
    } else {
      const reason = isShort ? 'too short' : foreign ? 'not English' : 'there twice';
      facts.dropped[reason] = (facts.dropped[reason] ?? 0) + 1;
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const row = [
      split ?? 'dropped',
      id,
      header.title,
      header.author,
      encoding,
      bytes.length,
      text.length,
      sha256,
      file,
      note,
    ];
    await write(
      out['manifest.tsv']!,
      `${row.map((cell) => String(cell ?? '').replace(/\s+/g, ' ')).join('\t')}\n`,
    );
  }
  onFile(files.length, files.length);
  for (const [name, stream] of Object.entries(out)) {
    stream.end();
    await finished(stream);
    await rename(join(outFolder, `${name}.new`), join(outFolder, name));
  }
  return facts;
}

/** A work's split, by its id alone: it stays where it is when the corpus grows. */
export function splitOf(id: string): Split {
  const place = createHash('sha256').update(id).digest().readUInt32BE(0) % 100;
  if (place < VALID_PERCENT) return 'valid';
  return place < VALID_PERCENT + TEST_PERCENT ? 'test' : 'train';
}

function zeros(): Record<Split, number> {
  return { train: 0, valid: 0, test: 0 };
}

async function write(stream: WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
}
