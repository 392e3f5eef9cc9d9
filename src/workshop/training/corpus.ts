/** What is learned from: texts whose works each begin with U+0003, as ids. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryError } from '../../errors.ts';
import { fold } from '../../generator/folding.ts';
import { BOUNDARY, Vocabulary, wordsFile } from '../../generator/vocabulary.ts';
import { countWords } from '../../generator/words.ts';

export interface Corpus {
  readonly vocabulary: Vocabulary;
  readonly train: Uint16Array;
  readonly valid: Uint16Array;
  /** Characters of the texts that nothing in the vocabulary stands for, or that are in unknown words. */
  readonly skipped: number;
  /** How many characters an id stands for, on average: 1 where ids are characters. */
  readonly charactersPerId: { readonly train: number; readonly valid: number };
}

/** A character that is rarer than this in a text is folded or left out: too little to learn it from. */
const RAREST = 20;
const MOST_CHARACTERS = 255;
/** Of which two are `<eos>` and `<unk>`: ids have 16 bits here. */
export const MOST_WORDS = 65_536 - 2;

/**
 * Reads `train.txt` and `valid.txt` of a folder.
 *
 * @param choose the vocabulary to read them with, given the text to learn from; by default its characters
 * @throws StoryError `bad_request` that names the file that is missing or empty
 */
export async function readCorpus(
  folder: string,
  choose: (train: string) => Vocabulary = vocabularyOf,
): Promise<Corpus> {
  const train = await readText(folder, 'train.txt');
  const valid = await readText(folder, 'valid.txt');
  return corpusOf(choose(train), train, valid);
}

/** The texts as a network with this vocabulary learns from them. */
export function corpusOf(vocabulary: Vocabulary, train: string, valid: string): Corpus {
  const [one, other] = [encodeWorks(vocabulary, train), encodeWorks(vocabulary, valid)];
  return {
    vocabulary,
    train: one.ids,
    valid: other.ids,
    skipped: one.skipped + other.skipped,
    charactersPerId: { train: one.charactersPerId, valid: other.charactersPerId },
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
  const characters = [BOUNDARY, ...new Set(['\n', ' ', ...frequent].toSorted())];
  return new Vocabulary({
    idToChar: Object.fromEntries(characters.map((character, id) => [id, character])),
    charToId: Object.fromEntries(characters.map((character, id) => [character, id])),
  });
}

/** The most frequent words of a text, at most so many, beside the end of a line. */
export function wordVocabularyOf(text: string, most: number): Vocabulary {
  const frequent = countWords(text.split(BOUNDARY)).map(([word]) => word);
  return new Vocabulary(wordsFile([...new Set(['\n', ...frequent])].slice(0, most)));
}

interface EncodedWorks {
  readonly ids: Uint16Array;
  readonly skipped: number;
  readonly charactersPerId: number;
}

/** Every work as ids, each with its U+0003 before it. */
export function encodeWorks(vocabulary: Vocabulary, text: string): EncodedWorks {
  const parts: Uint16Array[] = [];
  let [skipped, characters, count] = [0, 0, 0];
  for (const work of text.split(BOUNDARY)) {
    const encoded = vocabulary.encode(work);
    skipped += encoded.skipped;
    characters += encoded.characters;
    count += encoded.ids.length;
    if (encoded.ids.length > 0) parts.push(Uint16Array.from([vocabulary.bosId, ...encoded.ids]));
  }
  const ids = new Uint16Array(count + parts.length);
  let offset = 0;
  for (const part of parts) {
    ids.set(part, offset);
    offset += part.length;
  }
  return { ids, skipped, charactersPerId: characters / Math.max(1, count) };
}

async function readText(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const hint = 'A folder to learn from holds train.txt and valid.txt.';
    throw new StoryError('bad_request', `${path} cannot be read (${error.code}). ${hint}`);
  });
  if (text.trim() === '') {
    const hint = 'Of few works none may have been held out: move one there, or the last tenth of train.txt.';
    throw new StoryError('bad_request', `${path} is empty.${name === 'valid.txt' ? ` ${hint}` : ''}`);
  }
  return text;
}
