/** Maps characters or words to a network's ids. No `node:` imports: a browser reads the same files. */
import { StoryError } from '../errors.ts';
import { fold } from './folding.ts';
import { isRecord, type ModelFileError, shorten, unusable } from './model/model.ts';
import { mayFollow, plainText, splitWords } from './words.ts';

/** The character before every work, which the network reads before the first character of a story. */
export const BOUNDARY = '\u0003';

/** What an id stands for: a character, or a word with the space before it, a sign, a line end. */
export type Unit = 'char' | 'word';

/** The name of `BOUNDARY` in a `vocabulary.json` of words, and that of all words that are not in it. */
const BOUNDARY_NAME = '<eos>';
const UNKNOWN_NAME = '<unk>';
/** The text of an unknown word. */
const UNKNOWN_SIGN = '\ufffd';

/** A text as a network reads it. */
export interface EncodedText {
  readonly ids: number[];
  /** Number of characters that the ids stand for, those of unknown words included. */
  readonly characters: number;
  /**
   * Number of characters (code points) that the vocabulary cannot represent, or that are in unknown words.
   */
  readonly skipped: number;
}

/** The two dictionaries of `vocabulary.json`; `unit` is left out where ids are characters. */
export interface VocabularyFile {
  readonly unit?: Unit;
  readonly idToChar: Readonly<Record<string, string>>;
  readonly charToId: Readonly<Record<string, number>>;
}

/** Replacements of `BOUNDARY` in a vocabulary without it, the preferred first. */
const STAND_INS: readonly string[] = ['\n', ' '];
const SKIPPED = -1;
const NOTHING: readonly number[] = [];
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const FIRST_SUPPLEMENTARY = 0x1_0000;
/** Number of different code points whose ids are cached; a text with more is encoded anew each time. */
const REMEMBERED_CODE_POINTS = 65_536;

export class Vocabulary {
  readonly unit: Unit;
  /** Number of ids, which are 0 to size - 1. */
  readonly size: number;
  /**
   * The id before the first character of every work: that of `BOUNDARY`. A vocabulary of another program may
   * lack it; then a line end replaces it, or else a space.
   */
  readonly bosId: number;
  /** The id of `BOUNDARY`; undefined where no id says that a work is over. */
  readonly eosId: number | undefined;
  /**
   * The id of all words without their own, which is read but never written; in vocabularies of words only.
   */
  readonly unknown: number | undefined;
  /** The text of each id. */
  readonly #texts: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  /** Code point -> the ids that represent it, or `SKIPPED`. Filled on demand. */
  readonly #readings = new Map<number, readonly number[] | typeof SKIPPED>();
  /** Every character of every word. */
  readonly #alphabet: ReadonlySet<string>;

  /**
   * @param file the parsed content of a `vocabulary.json`
   * @param shown the file's name in error messages
   * @throws StoryError `model_unavailable` when the dictionaries are malformed or disagree
   */
  constructor(file: unknown, shown = 'vocabulary.json') {
    const broken = (problem: string) => unusable(shown, problem);
    const { unit, idToChar, charToId } = dictionaries(file, broken);
    const size = Object.keys(idToChar).length;
    const names = Array.from({ length: size }, (_, id) => nameOf(idToChar, id, size, unit, broken));
    const ids = new Map(names.map((name, id) => [name, id]));
    if (ids.size !== size) throw broken(`two ids have the same ${unit === 'word' ? 'word' : 'character'}`);
    const entries = Object.entries(charToId);
    if (entries.length !== size) throw broken(`idToChar has ${size} entries, charToId has ${entries.length}`);
    for (const [name, id] of entries) {
      if (ids.get(name) !== id) {
        throw broken(`charToId gives ${shorten(name)} the id ${shorten(id)}, idToChar does not`);
      }
    }
    const bosId = unit === 'word' ? BOUNDARY_NAME : BOUNDARY;
    const beginning = [bosId, ...STAND_INS].map((text) => ids.get(text)).find((id) => id !== undefined);
    if (beginning === undefined) {
      const name = unit === 'word' ? BOUNDARY_NAME : 'U+0003';
      throw broken(`it has no id for the beginning of a text: ${name}, a line end or a space`);
    }
    this.unit = unit;
    this.size = size;
    this.bosId = beginning;
    this.eosId = ids.get(bosId);
    this.unknown = unit === 'word' ? ids.get(UNKNOWN_NAME) : undefined;
    if (unit === 'word' && this.unknown === undefined) throw broken(`it lacks ${UNKNOWN_NAME}`);
    this.#texts = names.map((name, id) =>
      id === this.eosId ? BOUNDARY : id === this.unknown ? UNKNOWN_SIGN : name,
    );
    this.#ids = new Map(this.#texts.map((text, id) => [text, id]));
    this.#alphabet = new Set(unit === 'word' ? names.join('') : []);
  }

  /**
   * Encodes a text. Characters outside the vocabulary are folded (accents, curly quotes, dashes, ligatures,
   * line ends), and the rest is skipped and counted. Invisible characters (controls, marks, joiners,
   * bidirectional controls) are dropped without being counted; `BOUNDARY` is one of them, so that a user
   * cannot type it. Words that are not in a vocabulary of words are read as `unknown`. Takes time linear in
   * the text.
   */
  encode(text: string): EncodedText {
    return this.unit === 'word' ? this.#encodeWords(text) : this.#encodeCharacters(text);
  }

  /**
   * Whether a text followed by an id is read as the text and that id: any character may follow any text, but
   * words that run together would be another word.
   */
  mayFollow(text: string, id: number): boolean {
    return this.unit === 'char' || id === this.eosId || mayFollow(text, this.decode(id));
  }

  #encodeCharacters(text: string): EncodedText {
    const ids: number[] = [];
    let skipped = 0;
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i)!;
      if (codePoint >= FIRST_SUPPLEMENTARY) i++;
      if (codePoint === CARRIAGE_RETURN && text.charCodeAt(i + 1) === LINE_FEED) continue;
      const reading = this.#readings.get(codePoint) ?? this.#read(codePoint);
      if (reading === SKIPPED) skipped++;
      else for (const id of reading) ids.push(id);
    }
    return { ids, characters: ids.length, skipped };
  }

  #encodeWords(text: string): EncodedText {
    const ids: number[] = [];
    let [characters, skipped] = [0, 0];
    for (const word of splitWords(plainText(text, (character) => this.#alphabet.has(character)))) {
      const id = this.#ids.get(word);
      const isKnown = id !== undefined && id !== this.unknown;
      ids.push(isKnown ? id : this.unknown!);
      characters += word.length;
      if (!isKnown) skipped += word.length;
    }
    return { ids, characters, skipped };
  }

  /** The text of an id: a character, or a word with the space before it. */
  decode(id: number): string {
    const text = this.#texts[id];
    if (text === undefined) {
      throw new StoryError('internal', `Expected \`id\` to be 0 to ${this.size - 1}, got ${id}.`);
    }
    return text;
  }

  /** The id of exactly this text, `BOUNDARY` included; undefined for one that would have to be folded. */
  idOf(text: string): number | undefined {
    return this.#ids.get(text);
  }

  /** The content of a `vocabulary.json` from which this vocabulary can be read again. */
  toFile(): VocabularyFile {
    const names = this.#texts.map((text, id) =>
      this.unit === 'char'
        ? text
        : id === this.eosId
          ? BOUNDARY_NAME
          : id === this.unknown
            ? UNKNOWN_NAME
            : text,
    );
    return vocabularyFile(names, this.unit);
  }

  #read(codePoint: number): readonly number[] | typeof SKIPPED {
    const reading = this.#readingOf(String.fromCodePoint(codePoint));
    if (this.#readings.size < REMEMBERED_CODE_POINTS) this.#readings.set(codePoint, reading);
    return reading;
  }

  #readingOf(character: string): readonly number[] | typeof SKIPPED {
    const id = this.#ids.get(character);
    if (id !== undefined && character !== BOUNDARY) return [id];
    const folded = fold(character, (candidate) => candidate !== BOUNDARY && this.#ids.has(candidate));
    if (folded === null) return SKIPPED;
    return folded.kind === 'dropped' ? NOTHING : [...folded.text].map((part) => this.#ids.get(part)!);
  }
}

/** The content of a `vocabulary.json` of words: the given words, `<eos>` and `<unk>`. */
export function wordsFile(words: readonly string[]): VocabularyFile {
  return vocabularyFile([BOUNDARY_NAME, UNKNOWN_NAME, ...words], 'word');
}

function vocabularyFile(names: readonly string[], unit: Unit): VocabularyFile {
  return {
    ...(unit === 'word' ? { unit } : {}),
    idToChar: Object.fromEntries(names.map((name, id) => [id, name])),
    charToId: Object.fromEntries(names.map((name, id) => [name, id])),
  };
}

/** Makes the error for a problem of the file. */
type Broken = (problem: string) => ModelFileError;

function dictionaries(
  file: unknown,
  broken: Broken,
): {
  unit: Unit;
  idToChar: Record<string, unknown>;
  charToId: Record<string, unknown>;
} {
  if (!isRecord(file) || !isRecord(file.idToChar) || !isRecord(file.charToId)) {
    throw broken('it needs the dictionaries `idToChar` and `charToId`');
  }
  const { unit = 'char', idToChar, charToId } = file;
  if (unit !== 'char' && unit !== 'word') throw broken(`its unit is ${shorten(unit)}, not char or word`);
  return { unit, idToChar, charToId };
}

function nameOf(
  idToChar: Record<string, unknown>,
  id: number,
  size: number,
  unit: Unit,
  broken: Broken,
): string {
  const name = idToChar[id];
  const parts = typeof name !== 'string' ? [] : unit === 'char' ? [...name] : splitWords(name);
  const isReserved = unit === 'word' && (name === BOUNDARY_NAME || name === UNKNOWN_NAME);
  if (typeof name !== 'string' || (parts.length !== 1 && !isReserved)) {
    const one = unit === 'char' ? 'character' : 'word';
    throw broken(`idToChar needs one ${one} for each of the ids 0 to ${size - 1}; id ${id} has none`);
  }
  return name;
}
