/** The corpus of a run: texts whose works each begin with U+0003, as ids. */
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
  /** Characters of the texts that are not in the vocabulary, or that are in unknown words. */
  readonly skipped: number;
  /** Mean number of characters per id: 1 when ids are characters. */
  readonly charactersPerId: { readonly train: number; readonly valid: number };
}

/** A character that is rarer than this in a text is folded or left out, because it is too rare to learn. */
const RAREST = 20;
const MOST_CHARACTERS = 255;
/** Ids have 16 bits here, and two of them are `<eos>` and `<unk>`. */
export const MOST_WORDS = 65_536 - 2;

/**
 * Reads `train.txt` and `valid.txt` of a folder.
 *
 * @param choose selects the vocabulary, given the training text; by default the characters of that text
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

/** The texts as training ids of this vocabulary. */
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

/** The characters of a text that are frequent enough, and those that every story needs. */
export function vocabularyOf(text: string): Vocabulary {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const isAscii = (character: string) => /^[\n -~]$/.test(character);
  const frequent = [...counts]
    .filter(([character, count]) => count >= RAREST && (character >= ' ' || character === '\n'))
    // Characters that fold to plain ones are dropped: a network learns one quotation mark sooner than five.
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

/** The most frequent words of a text, at most this many, besides the end of a line. */
export function wordVocabularyOf(text: string, most: number): Vocabulary {
  const frequent = countWords(text.split(BOUNDARY)).map(([word]) => word);
  return new Vocabulary(wordsFile([...new Set(['\n', ...frequent])].slice(0, most)));
}

interface EncodedWorks {
  readonly ids: Uint16Array;
  readonly skipped: number;
  readonly charactersPerId: number;
}

/** Every work as ids, each preceded by its U+0003. */
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
