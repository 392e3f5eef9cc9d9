/**
 * Restricts the first draw. A prompt that ends in a letter or digit ends a word, which the story must not
 * continue; a story without a prompt begins as works begin. No `node:` imports: a browser draws the same way.
 */
import type { AllowedIds } from './sampler.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Combining marks belong to the letter before them, and invisible characters end no word. */
const WORD_END = /[\p{L}\p{N}][\p{M}\p{Cf}]*$/u;
/** Letters, digits, marks, invisible joiners, apostrophes and hyphens of every kind. */
const CONTINUATION = /^[\p{L}\p{N}\p{M}\p{Cf}'\u2018\u2019\u201b\uff07\-\u2010\u2011\uff0d]/u;
/** Letters of scripts without capitals count as capitals. */
const CAPITALS = String.raw`\p{Lu}\p{Lt}\p{Lo}`;
const DIGITS = String.raw`\p{N}`;
const QUOTATION_MARKS = String.raw`"'\p{Pi}\u201a\u201e\u300c\u300e`;
const QUOTATION_MARK = new RegExp(`^[${QUOTATION_MARKS}]$`, 'u');

export class Opening {
  readonly #vocabulary: Vocabulary;
  readonly #afterWord: AllowedIds | undefined;
  readonly #first: AllowedIds | undefined;
  /** The same where the first word includes the space that the prompt ends with. */
  readonly #firstSpaced: AllowedIds | undefined;
  readonly #afterQuotationMark: AllowedIds | undefined;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#afterWord = idsOf(vocabulary, (text) => !CONTINUATION.test(text));
    this.#first = beginnings(vocabulary, ['', ' ?'], QUOTATION_MARKS);
    this.#firstSpaced = beginnings(vocabulary, [' '], QUOTATION_MARKS);
    this.#afterQuotationMark = beginnings(vocabulary, [''], '');
  }

  /**
   * The ids that may be drawn next; undefined where all may, or where the vocabulary has no suitable ones.
   *
   * @param before the text before the first draw: context and prompt
   * @param written the text drawn since then
   */
  allowedAfter(before: string, written: string): AllowedIds | undefined {
    if (written !== '') {
      const isSpeech = QUOTATION_MARK.test(written) && this.#isEmpty(before);
      return isSpeech ? this.#afterQuotationMark : undefined;
    }
    const isSpaced = this.#vocabulary.unit === 'word' && before.endsWith(' ');
    // A word includes the space before it; after the prompt's own space, a word without one would continue
    // the prompt's last word.
    if (WORD_END.test(isSpaced ? before.slice(0, -1) : before)) return this.#afterWord;
    if (!this.#isEmpty(before)) return undefined;
    return isSpaced ? this.#firstSpaced : this.#first;
  }

  /** Whether the network reads nothing but spaces of a text. */
  #isEmpty(text: string): boolean {
    return text.trim() === '' || this.#vocabulary.encode(text).ids.length === 0;
  }
}

/**
 * The ids that works begin with: a capital, a digit or a sign; any letter instead of a capital where there
 * are no capitals.
 *
 * @param spaces text that may precede it in an id, as parts of expressions, the preferred first
 * @param signs as part of a character class
 */
function beginnings(
  vocabulary: Vocabulary,
  spaces: readonly string[],
  signs: string,
): AllowedIds | undefined {
  for (const letters of [CAPITALS, String.raw`\p{L}`]) {
    for (const space of spaces) {
      const letter = new RegExp(`^${space}[${letters}]`, 'u');
      if (!idsOf(vocabulary, (text) => letter.test(text))) continue;
      // In a vocabulary of words, `'s` is not a quotation mark.
      const beginning = new RegExp(`^${space}(?:[${letters}${DIGITS}]|[${signs}]$)`, 'u');
      return idsOf(vocabulary, (text) => beginning.test(text));
    }
  }
  return undefined;
}

/** The ids whose texts match, without those that have no text; undefined where there are none. */
function idsOf(vocabulary: Vocabulary, isWanted: (text: string) => boolean): AllowedIds | undefined {
  const allowed = new Uint8Array(vocabulary.size);
  for (let id = 0; id < vocabulary.size; id++) {
    const isText = id !== vocabulary.eosId && id !== vocabulary.unknown;
    if (isText && isWanted(vocabulary.decode(id))) allowed[id] = 1;
  }
  return allowed.includes(1) ? allowed : undefined;
}
