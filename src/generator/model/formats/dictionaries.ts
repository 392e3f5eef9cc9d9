/**
 * Vocabularies in any of their forms: two dictionaries in one file (`idToChar` and `charToId`), or either of them
 * alone, `{"0": "a"}` or `{"a": 0}`.
 */
import { isRecord, unusable } from '../model.ts';

/**
 * Reads a vocabulary as it was written elsewhere.
 *
 * @param file how errors call the file
 * @returns the character of each id; ids may begin at 1 and leave gaps
 * @throws StoryError `model_unavailable` for anything but one character for an id and one id for a character
 */
export function readDictionary(json: unknown, file: string): Map<number, string> {
  if (!isRecord(json)) throw unusable(file, 'it is not a JSON object');
  const pairs = pairsOf(json, file);
  if (isRecord(json.idToChar) && isRecord(json.charToId)) {
    const back = new Map(pairsOf(json.charToId, file));
    for (const [id, character] of pairs) {
      if (back.get(id) !== character) throw unusable(file, `its dictionaries disagree about the id ${id}`);
    }
    if (back.size !== pairs.length) throw unusable(file, 'its dictionaries are not equally long');
  }
  const characters = new Map<number, string>();
  for (const [id, character] of pairs) {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw unusable(file, `the id of ${JSON.stringify(character)} is ${id}, not a whole number from 0`);
    }
    if ([...character].length !== 1) {
      throw unusable(
        file,
        `${JSON.stringify(character)} is not one character; leave it out, and its id is not used`,
      );
    }
    if (characters.has(id)) throw unusable(file, `it gives the id ${id} to two characters`);
    characters.set(id, character);
  }
  if (new Set(characters.values()).size !== characters.size)
    throw unusable(file, 'two ids have the same character');
  return characters;
}

/** Pairs of id and character, whichever the dictionary maps to the other. */
function pairsOf(json: Record<string, unknown>, file: string): [number, string][] {
  const dictionary = isRecord(json.idToChar) ? json.idToChar : json;
  const entries = Object.entries(dictionary);
  if (entries.length === 0) throw unusable(file, 'it is empty');
  if (entries.every(([, value]) => typeof value === 'string')) {
    return entries.map(([id, character]) => [
      id.trim() === '' ? Number.NaN : Number(id),
      character as string,
    ]);
  }
  if (entries.every(([, value]) => typeof value === 'number')) {
    return entries.map(([character, id]) => [id as number, character]);
  }
  throw unusable(file, 'it maps neither ids to characters nor characters to ids');
}
