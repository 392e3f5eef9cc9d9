/**
 * Characters and the ids by which a network knows them. No `node:` imports: a browser reads the same files.
 */
import { StoryError } from '../errors.ts';
import { fold } from './folding.ts';

/** What every work begins with, and so what the network reads before the first character of a story. */
export const END_OF_TEXT = '\u0003';

/** A text as a network reads it. */
export interface EncodedText {
  readonly ids: number[];
  /** Characters (code points) that nothing in the vocabulary can stand for. */
  readonly skipped: number;
}

/** The two dictionaries of `vocabulary.json`. */
export interface VocabularyFile {
  readonly idToChar: Readonly<Record<string, string>>;
  readonly charToId: Readonly<Record<string, number>>;
}

/** What may stand before a text, the best first. */
const BEGINNINGS: readonly string[] = [END_OF_TEXT, '\n', ' '];
const SKIPPED = -1;
const NOTHING: readonly number[] = [];
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const FIRST_SUPPLEMENTARY = 0x1_0000;
/** How many different code points' readings are kept; a text that holds more of them is read anew each time. */
const REMEMBERED_CODE_POINTS = 65_536;

export class Vocabulary {
  /** Number of ids; they are 0 to size - 1. */
  readonly size: number;
  /**
   * The id that stands before the first character of every work: that of `END_OF_TEXT`. A vocabulary from
   * elsewhere may have none; then a line end stands in, or else a space.
   */
  readonly endOfText: number;
  /** Whether it has `END_OF_TEXT`. Without, nothing that a network writes says that a work is over. */
  readonly hasEndOfText: boolean;
  readonly #characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  /** Code point -> the ids that stand for it, or `SKIPPED`. Filled as characters are met. */
  readonly #readings = new Map<number, readonly number[] | typeof SKIPPED>();

  /**
   * @param file the parsed content of a `vocabulary.json`
   * @throws StoryError `model_unavailable` when the dictionaries are malformed or disagree
   */
  constructor(file: unknown) {
    const { idToChar, charToId } = dictionaries(file);
    const size = Object.keys(idToChar).length;
    this.#characters = Array.from({ length: size }, (_, id) => characterOf(idToChar, id, size));
    this.#ids = new Map(this.#characters.map((character, id) => [character, id]));
    if (this.#ids.size !== size) throw broken('two ids have the same character');
    const entries = Object.entries(charToId);
    if (entries.length !== size) throw broken(`idToChar has ${size} entries, charToId has ${entries.length}`);
    for (const [character, id] of entries) {
      if (this.#ids.get(character) !== id) {
        throw broken(`charToId gives ${JSON.stringify(character)} the id ${id}, idToChar does not`);
      }
    }
    const beginning = BEGINNINGS.map((character) => this.#ids.get(character)).find((id) => id !== undefined);
    if (beginning === undefined) {
      throw broken('nothing in it can stand before a text: U+0003, a line end or a space');
    }
    this.size = size;
    this.endOfText = beginning;
    this.hasEndOfText = this.#ids.has(END_OF_TEXT);
  }

  /**
   * Reads a text as the network would. Characters outside the vocabulary are folded (accents, curly quotes,
   * dashes, ligatures, line ends), and what is left over is skipped and counted. What nobody sees (controls,
   * marks, joiners, bidirectional controls) is dropped without being counted; `END_OF_TEXT` is one of
   * them, so that nobody can type it. Takes time linear in the text.
   */
  encode(text: string): EncodedText {
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
    return { ids, skipped };
  }

  /** The character of an id. */
  decode(id: number): string {
    const character = this.#characters[id];
    if (character === undefined) {
      throw new StoryError('internal', `Expected \`id\` to be 0 to ${this.size - 1}, got ${id}.`);
    }
    return character;
  }

  /** The id of exactly this character, `END_OF_TEXT` included; undefined for one that would have to be folded. */
  idOf(character: string): number | undefined {
    return this.#ids.get(character);
  }

  /** The content of a `vocabulary.json` that makes this vocabulary again. */
  toFile(): VocabularyFile {
    return {
      idToChar: Object.fromEntries(this.#characters.map((character, id) => [id, character])),
      charToId: Object.fromEntries(this.#ids),
    };
  }

  #read(codePoint: number): readonly number[] | typeof SKIPPED {
    const reading = this.#readingOf(String.fromCodePoint(codePoint));
    if (this.#readings.size < REMEMBERED_CODE_POINTS) this.#readings.set(codePoint, reading);
    return reading;
  }

  #readingOf(character: string): readonly number[] | typeof SKIPPED {
    const id = this.#ids.get(character);
    if (id !== undefined && character !== END_OF_TEXT) return [id];
    const folded = fold(character, (candidate) => candidate !== END_OF_TEXT && this.#ids.has(candidate));
    if (folded === null) return SKIPPED;
    return folded.kind === 'dropped' ? NOTHING : [...folded.text].map((part) => this.#ids.get(part)!);
  }
}

function dictionaries(file: unknown): {
  idToChar: Record<string, unknown>;
  charToId: Record<string, unknown>;
} {
  if (!isRecord(file) || !isRecord(file.idToChar) || !isRecord(file.charToId)) {
    throw broken('it needs the dictionaries `idToChar` and `charToId`');
  }
  return { idToChar: file.idToChar, charToId: file.charToId };
}

function characterOf(idToChar: Record<string, unknown>, id: number, size: number): string {
  const character = idToChar[id];
  if (typeof character !== 'string' || [...character].length !== 1) {
    throw broken(`idToChar needs one character for each of the ids 0 to ${size - 1}; id ${id} has none`);
  }
  return character;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function broken(reason: string): StoryError {
  return new StoryError('model_unavailable', `The model's vocabulary is unusable: ${reason}.`);
}
