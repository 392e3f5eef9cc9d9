/** Whether a spelling is that of a word on the list: what it is disguised with is taken off first. */
import {
  collapseDuplicatesTransformer,
  parseRawPattern,
  RegExpMatcher,
  resolveConfusablesTransformer,
  resolveLeetSpeakTransformer,
  toAsciiLowerCaseTransformer,
} from 'obscenity';
import { INNOCENT_WORDS, type Kind, WORD_CLASSES } from './list.ts';

/** What nobody sees: marks on letters, joiners, controls, characters that draw nothing. */
export const UNSEEN = /(?!\s)[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu;

/** Spellings whose kind is kept; a story's words are few. */
const REMEMBERED_SPELLINGS = 20_000;
const SHORTEST_WORD = 3;
const LETTER = /\p{L}/gu;
/** Signs that may stand for letters. */
const LEET = /[0-9@$!|(/]/g;
const PLAIN = /^[a-z ]+$/;

interface Entry {
  readonly id: number;
  readonly kind: Kind;
  readonly word: string;
}

const ENTRIES: readonly Entry[] = WORD_CLASSES.flatMap(({ kind, words }) =>
  words.map((word) => ({ kind, word })),
).map((entry, id) => ({ ...entry, id }));

/** Letters that some word has twice in a row: of these, two are told from one. */
const DOUBLED = new Set(
  ENTRIES.flatMap(({ word }) => word.match(/([a-z])\1/g) ?? []).map((pair) => pair[0]!),
);

const everything = matcherOf(ENTRIES);
/** Of the words that can begin with a letter: most spellings are in question for few of them. */
const byFirstLetter = new Map<string, RegExpMatcher>();
const known = new Map<string, Kind | undefined>();

/**
 * The kind of a spelling, undefined for one that is on nobody's list.
 *
 * @param spelling a word, or several that are to be read as one
 */
export function kindOf(spelling: string): Kind | undefined {
  const plain = spelling.toLowerCase();
  if (known.has(plain)) return known.get(plain);
  if (known.size >= REMEMBERED_SPELLINGS) known.clear();
  const kind = judge(plain);
  known.set(plain, kind);
  return kind;
}

function judge(plain: string): Kind | undefined {
  const bare = plain.normalize('NFKD').replace(UNSEEN, '');
  if (bare.length < SHORTEST_WORD) return undefined;
  // A number with a letter behind it, such as 600k, is a number.
  if ((bare.match(LETTER)?.length ?? 0) < (bare.match(LEET)?.length ?? 0)) return undefined;
  const matcher = PLAIN.test(bare) ? matcherFor(bare[0]!) : everything;
  const kinds = matcher.getAllMatches(bare).map(({ termId }) => ENTRIES[termId]!.kind);
  return (['slur', 'ambiguous', 'vulgar'] as const).find((kind) => kinds.includes(kind));
}

function matcherFor(letter: string): RegExpMatcher {
  let matcher = byFirstLetter.get(letter);
  if (!matcher) {
    matcher = matcherOf(ENTRIES.filter(({ word }) => word[0] === letter || word[0] === '*'));
    byFirstLetter.set(letter, matcher);
  }
  return matcher;
}

function matcherOf(entries: readonly Entry[]): RegExpMatcher {
  return new RegExpMatcher({
    blacklistedTerms: entries.map(({ id, word }) => ({ id, pattern: parseRawPattern(patternOf(word)) })),
    whitelistedTerms: [...INNOCENT_WORDS],
    blacklistMatcherTransformers: [
      resolveConfusablesTransformer(),
      resolveLeetSpeakTransformer(),
      toAsciiLowerCaseTransformer(),
      collapseDuplicatesTransformer({
        defaultThreshold: 1,
        customThresholds: new Map([...DOUBLED].map((letter) => [letter, 2])),
      }),
    ],
  });
}

/** An entry in the library's language, where `|` is the edge of a word. */
function patternOf(word: string): string {
  const start = word.startsWith('*') ? '' : '|';
  const end = word.endsWith('*') ? '' : '|';
  const letters = word.replaceAll('*', '').replaceAll(' ', '[ ]');
  const doubled = allowDoubles(letters);
  // What goes on with any letters goes on with a double, too; an innocent word would not cover that.
  return start + (end ? doubled : doubled.replace(/\[.\]$/, '')) + end;
}

/** Lets every letter that is told from its double, and is written once, come twice. */
function allowDoubles(pattern: string): string {
  return pattern.replace(/([a-z])\1?(\]?)/g, (run, letter: string, bracket: string) =>
    run === letter + bracket && DOUBLED.has(letter) ? `${run}[${letter}]` : run,
  );
}
