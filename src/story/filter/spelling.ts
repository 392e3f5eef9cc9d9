/**
 * Matches a spelling with the list, after disguises are removed: signs in place of letters, letters left out,
 * letters doubled.
 */
import {
  collapseDuplicatesTransformer,
  parseRawPattern,
  RegExpMatcher,
  resolveConfusablesTransformer,
  resolveLeetSpeakTransformer,
  toAsciiLowerCaseTransformer,
} from 'obscenity';
import { INNOCENT_WORDS } from './innocent-words.ts';
import { type Kind, WORD_CLASSES } from './list.ts';

/** Invisible characters and marks: marks on letters, joiners, controls, characters without a glyph. */
export const UNSEEN = /(?!\s)[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu;

/** Most spellings whose kind is cached; a story has few distinct words. */
const REMEMBERED_SPELLINGS = 20_000;
const SHORTEST_WORD = 3;
const LETTER = /\p{L}/gu;
/** Signs that may replace letters. */
const LEET = /[0-9@$!|(/¡]/g;
const PLAIN = /^[a-z ]+$/;
const OPTIONAL = /\[(.)\]/;
const RUN = /(.)\1+/gu;
const EDGE = /[^a-z ]+/;
/** Shortest length for leaving out a letter: shorter words are too close to others. */
const DROPPED_FROM = 6;
/** The same for words with a double letter, which is left out most often. */
const DOUBLED_FROM = 5;
const SKELETON_FROM = 5;
const VOWEL = /[aeiou]/;
const VOWELS = /[aeiou]/g;
const DOUBLE = /([a-z])\1/;
/** A skeleton shorter than this, with each run of a letter counted as at most two, is a sound: pss. */
const SHORTEST_SOUND = 4;
/** A vulgar word such as `shit`: one vowel between consonants. */
const SHORT = /^[^aeiou]+[aeiou][^aeiou]+$/;
/** Signs that replace letters only in disguises, in addition to those that `obscenity` knows. */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/¡/g, 'i'],
  [/[q9]/g, 'g'],
];

interface Entry {
  readonly id: number;
  readonly kind: Kind;
  readonly word: string;
  /** Whether a letter is left out of it: then no other letter may be doubled ("banner" is not "baner"). */
  readonly isMisspelled?: boolean;
}

const LISTED: readonly Omit<Entry, 'id'>[] = WORD_CLASSES.flatMap(({ kind, words }) =>
  words.map((word) => ({ kind, word })),
);
/** Letters that some entry has twice in a row: for these, a double letter differs from a single one. */
const DOUBLED = new Set(LISTED.flatMap(({ word }) => word.match(/([a-z])\1/g) ?? []).map((pair) => pair[0]!));

const ENTRIES: readonly Entry[] = [...LISTED, ...misspelled(LISTED)].map((entry, id) => ({ ...entry, id }));

/** Transformers that resolve lookalikes and leet, one code point at a time. */
const UNDISGUISING = [
  resolveConfusablesTransformer(),
  resolveLeetSpeakTransformer(),
  toAsciiLowerCaseTransformer(),
];

const matcher = new RegExpMatcher({
  blacklistedTerms: ENTRIES.map((entry) => ({ id: entry.id, pattern: parseRawPattern(patternOf(entry)) })),
  whitelistedTerms: INNOCENT_WORDS.filter((word) => word.endsWith('*')).map((word) => word.slice(0, -1)),
  blacklistMatcherTransformers: [
    ...UNDISGUISING,
    collapseDuplicatesTransformer({
      defaultThreshold: 1,
      customThresholds: new Map([...DOUBLED].map((letter) => [letter, 2])),
    }),
  ],
});

/** The list without repeated letters: of entries that match whole words, and of entries that may continue. */
const ROUGH_WORDS = new Set(ENTRIES.flatMap(({ word }) => roughOf(word)));
const ROUGH_STEMS = ENTRIES.filter(({ word }) => word.includes('*')).flatMap(({ word }) => roughOf(word));

const known = new Map<string, Kind | undefined>();

/**
 * The kind of a spelling; undefined for one that is not on the list.
 *
 * @param spelling a word, or several to read as one
 */
export function kindOf(spelling: string): Kind | undefined {
  if (known.has(spelling)) return known.get(spelling);
  if (known.size >= REMEMBERED_SPELLINGS) known.clear();
  const kind = judge(spelling);
  known.set(spelling, kind);
  return kind;
}

function judge(spelling: string): Kind | undefined {
  const bare = spelling.toLowerCase().normalize('NFKD').replace(UNSEEN, '');
  if (bare.length < SHORTEST_WORD || INNOCENT_WORDS.includes(bare)) return undefined;
  const readings = readingsOf(bare).filter(isSuspect);
  if (readings.length === 0) return undefined;
  // A number with a letter after it, such as 600k, is a number.
  if ((bare.match(LETTER)?.length ?? 0) < (bare.match(LEET)?.length ?? 0)) return undefined;
  const kinds = readings.flatMap((reading) =>
    matcher.getAllMatches(reading).map(({ termId }) => ENTRIES[termId]!.kind),
  );
  return (['slur', 'ambiguous', 'vulgar'] as const).find((kind) => kinds.includes(kind));
}

/** Whether the slow matcher may find something: a set lookup rules out nearly all words. */
function isSuspect(bare: string): boolean {
  const rough = withoutRuns(PLAIN.test(bare) ? bare : undisguised(bare));
  return (
    ROUGH_STEMS.some((stem) => rough.includes(stem)) ||
    rough.split(EDGE).some((word) => ROUGH_WORDS.has(word))
  );
}

/** A spelling without lookalikes and leet, as the matcher reads it. */
function undisguised(bare: string): string {
  let plain = '';
  for (const character of bare) {
    let code = character.codePointAt(0);
    for (const { transform } of UNDISGUISING) if (code !== undefined) code = transform(code);
    if (code !== undefined) plain += String.fromCodePoint(code);
  }
  return plain;
}

/**
 * Entries with letters left out. Ambiguous entries are skipped, because their misspellings are too close to
 * innocent words.
 */
function misspelled(listed: readonly Omit<Entry, 'id'>[]): Omit<Entry, 'id'>[] {
  const known = new Set(listed.flatMap(({ word }) => variantsOf(lettersOf(word))));
  const found: Omit<Entry, 'id'>[] = [];
  for (const { kind, word } of listed) {
    if (kind === 'ambiguous' || word.includes(' ')) continue;
    for (const letters of variantsOf(lettersOf(word))) {
      for (const short of withoutLetters(letters, kind === 'vulgar').map(asMatched)) {
        if (known.has(short)) continue;
        known.add(short);
        // A word that is innocent by itself is also innocent within other words: Niger, Nigerian. A compound
        // such as testing-ground has enough consonants for the skeleton of a slur.
        const before = kind === 'vulgar' && word.startsWith('*') ? '*' : '';
        const behind = word.endsWith('*') && !INNOCENT_WORDS.includes(short) ? '*' : '';
        found.push({ kind, word: before + short + behind, isMisspelled: true });
      }
    }
  }
  return found;
}

/** A word with runs of a letter shortened as the matcher does. */
function asMatched(word: string): string {
  return word.replace(/(.)\1+/g, (_, letter: string) => (DOUBLED.has(letter) ? letter + letter : letter));
}

/** An entry's letters, with optional ones in brackets. */
function lettersOf(word: string): string {
  return word.replaceAll('*', '').replaceAll(' ', '[ ]');
}

function roughOf(word: string): string[] {
  return variantsOf(lettersOf(word)).map(withoutRuns);
}

/** All variants of letters, with and without the optional ones. */
function variantsOf(letters: string): string[] {
  const optional = OPTIONAL.exec(letters);
  if (!optional) return [letters];
  return ['', optional[1]!].flatMap((some) => variantsOf(letters.replace(OPTIONAL, some)));
}

function withoutRuns(text: string): string {
  return text.replace(RUN, '$1');
}

/** An entry as a pattern of the `obscenity` library, where `|` is a word boundary. */
function patternOf({ word, isMisspelled = false }: Entry): string {
  const start = word.startsWith('*') ? '' : '|';
  const end = word.endsWith('*') ? '' : '|';
  const doubled = isMisspelled ? lettersOf(word) : allowDoubles(lettersOf(word));
  // An entry that continues with any letters also continues with a double; an innocent word would not cover
  // that.
  return start + (end ? doubled : doubled.replace(/\[.\]$/, '')) + end;
}

/** Lets every letter that has a distinct double, and is written once, occur twice. */
function allowDoubles(pattern: string): string {
  return pattern.replace(/([a-z])\1?(\]?)/g, (run, letter: string, bracket: string) =>
    run === letter + bracket && DOUBLED.has(letter) ? `${run}[${letter}]` : run,
  );
}

/**
 * The word with one vowel, or one of two equal letters, left out; and without any vowel. Some of these are
 * real words: `INNOCENT_WORDS` lists them.
 *
 * @param word letters only, without the optional continuations of an entry
 * @param isVulgar whether its skeleton may have three letters: a needlessly masked word is still readable
 */
function withoutLetters(word: string, isVulgar: boolean): string[] {
  const found = new Set<string>();
  const isDoubled = DOUBLE.test(word);
  if (word.length >= DROPPED_FROM || (isDoubled && word.length >= DOUBLED_FROM)) {
    for (let index = 1; index < word.length; index++) {
      const isLast = index === word.length - 1;
      const isDroppable = word[index] === word[index - 1] || (VOWEL.test(word[index]!) && !isLast);
      if (isDroppable) found.add(word.slice(0, index) + word.slice(index + 1));
    }
  }
  const skeleton = word[0] + word.slice(1).replace(VOWELS, '');
  const isLong =
    skeleton.length >= SKELETON_FROM || (skeleton.length === SKELETON_FROM - 1 && DOUBLE.test(skeleton));
  const isShort = isVulgar && word.length <= SKELETON_FROM && SHORT.test(word) && !isDoubled;
  const isSound = skeleton.replace(/(.)\1+/g, '$1$1').length < SHORTEST_SOUND && !isShort;
  if (skeleton !== word && !isSound && (isLong || isShort)) found.add(skeleton);
  return [...found];
}

/** A spelling as written, and with replacement signs read as letters. */
function readingsOf(bare: string): string[] {
  const read = STAND_INS.reduce((text, [sign, letter]) => text.replace(sign, letter), bare);
  return read === bare ? [bare] : [bare, read];
}
