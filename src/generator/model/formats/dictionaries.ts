/**
 * Vocabularies in all supported forms: `{"0": "a"}`, `{"a": 0}`, `["a"]`, where a character's index is its
 * id, or an object that holds one or two of these under arbitrary names, beside other values.
 */
import { isRecord, shorten, unusable } from '../model.ts';

type Pair = [id: number, character: string];

/**
 * Reads a vocabulary that another program wrote.
 *
 * @param file the file's name in error messages
 * @returns the character of each id; ids may start at 1 and have gaps
 * @throws StoryError `model_unavailable` for anything but one character for an id and one id for a character
 */
export function readDictionary(json: unknown, file: string): Map<number, string> {
  const [first, second] = dictionariesIn(json, file).map((dictionary) => pairsOf(dictionary, file));
  if (second) checkAgreement(first!, second, file);
  const characters = new Map<number, string>();
  for (const [id, character] of first!) {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw unusable(file, `the id of ${shorten(character)} is ${id}, not a whole number from 0`);
    }
    if ([...character].length !== 1) {
      throw unusable(
        file,
        `${shorten(character)} is not one character; leave it out, and its id is not used`,
      );
    }
    if (characters.has(id)) throw unusable(file, `it gives the id ${id} to two characters`);
    characters.set(id, character);
  }
  if (new Set(characters.values()).size !== characters.size)
    throw unusable(file, 'two ids have the same character');
  return characters;
}

/** The file itself as a dictionary, or the one or two dictionaries in it. */
function dictionariesIn(json: unknown, file: string): (Record<string, unknown> | unknown[])[] {
  if (Array.isArray(json)) return [json];
  if (!isRecord(json)) throw unusable(file, 'it is neither a JSON object nor a list');
  if (json.unit === 'word')
    throw unusable(file, 'it is a vocabulary of words; models of characters are imported');
  const held = Object.entries(json).filter(([, value]) => Array.isArray(value) || isRecord(value));
  if (held.length === 0) return [json];
  if (held.length > 2) {
    const names = held.map(([name]) => shorten(name)).join(', ');
    throw unusable(
      file,
      `it holds ${held.length} dictionaries, ${names}; leave one, or one in each direction`,
    );
  }
  return held.map(([, value]) => value as Record<string, unknown> | unknown[]);
}

function checkAgreement(pairs: readonly Pair[], others: readonly Pair[], file: string): void {
  const back = new Map(others);
  for (const [id, character] of pairs) {
    if (back.get(id) !== character) throw unusable(file, `its dictionaries disagree about the id ${id}`);
  }
  if (others.length !== pairs.length) throw unusable(file, 'its dictionaries are not equally long');
}

/** Pairs of id and character, in whichever direction the dictionary maps. */
function pairsOf(dictionary: Record<string, unknown> | unknown[], file: string): Pair[] {
  // In a list, an unused id has null.
  const entries = Object.entries(dictionary).filter(
    ([, value]) => !Array.isArray(dictionary) || value !== null,
  );
  if (entries.length === 0) throw unusable(file, 'it is empty');
  if (entries.every(([, value]) => typeof value === 'string')) {
    return entries.map(([id, character]) => [
      id.trim() === '' ? Number.NaN : Number(id),
      character as string,
    ]);
  }
  if (!Array.isArray(dictionary) && entries.every(([, value]) => typeof value === 'number')) {
    return entries.map(([character, id]) => [id as number, character]);
  }
  throw unusable(file, 'it maps neither ids to characters nor characters to ids');
}
