/** What is learned from: texts whose works each begin with U+0003, as ids. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryError } from '../../errors.ts';
import { fold } from '../folding.ts';
import { END_OF_TEXT, Vocabulary } from '../vocabulary.ts';

export interface Corpus {
  readonly vocabulary: Vocabulary;
  readonly train: Uint16Array;
  readonly valid: Uint16Array;
  /** Characters of the texts that nothing in the vocabulary stands for. */
  readonly skipped: number;
  /** How many characters an id stands for, on average: 1 where ids are characters. */
  readonly charactersPerId: { readonly train: number; readonly valid: number };
}

/** A character that is rarer than this in a text is folded or left out: too little to learn it from. */
const RAREST = 20;
const MOST_CHARACTERS = 255;

/**
 * Reads `train.txt` and `valid.txt` of a folder.
 *
 * @param vocabulary to read them with; by default all that is frequent enough in `train.txt`
 * @throws StoryError `bad_request` that names the file that is missing or empty
 */
export async function readCorpus(folder: string, vocabulary?: Vocabulary): Promise<Corpus> {
  const [train, valid] = await Promise.all([readText(folder, 'train.txt'), readText(folder, 'valid.txt')]);
  const known = vocabulary ?? vocabularyOf(train);
  const read = [train, valid].map((text) => encodeWorks(known, text));
  const skipped = read.reduce((sum, one) => sum + one.skipped, 0);
  return {
    ...{ vocabulary: known, train: read[0]!.ids, valid: read[1]!.ids, skipped },
    charactersPerId: { train: 1, valid: 1 },
  };
}

/** The characters of a text that are frequent enough, and those that any story needs. */
export function vocabularyOf(text: string): Vocabulary {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const isAscii = (character: string) => /^[\n -~]$/.test(character);
  const frequent = [...counts]
    .filter(([character, count]) => count >= RAREST && (character >= ' ' || character === '\n'))
    // What folds to plain characters is these: a network learns one quotation mark sooner than five.
    .filter(([character]) => isAscii(character) || fold(character, isAscii) === null)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_CHARACTERS - 2)
    .map(([character]) => character);
  const characters = [END_OF_TEXT, ...new Set(['\n', ' ', ...frequent].toSorted())];
  return new Vocabulary({
    idToChar: Object.fromEntries(characters.map((character, id) => [id, character])),
    charToId: Object.fromEntries(characters.map((character, id) => [character, id])),
  });
}

/** Every work as ids, each with its U+0003 before it. */
export function encodeWorks(vocabulary: Vocabulary, text: string): { ids: Uint16Array; skipped: number } {
  const parts: Uint16Array[] = [];
  let skipped = 0;
  for (const work of text.split(END_OF_TEXT)) {
    const encoded = vocabulary.encode(work);
    skipped += encoded.skipped;
    if (encoded.ids.length > 0) parts.push(Uint16Array.from([vocabulary.endOfText, ...encoded.ids]));
  }
  const ids = new Uint16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    ids.set(part, offset);
    offset += part.length;
  }
  return { ids, skipped };
}

async function readText(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const hint = 'A folder to learn from holds train.txt and valid.txt.';
    throw new StoryError('bad_request', `${path} cannot be read (${error.code}). ${hint}`);
  });
  if (text.trim() === '') throw new StoryError('bad_request', `${path} is empty.`);
  return text;
}
