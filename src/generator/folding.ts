/**
 * Folding: replaces characters that a network has never seen by ones that it knows, as a typist without a
 * compose key would. No `node:` imports: a browser folds the same way.
 */

/** The replacement of a character, or `dropped` for a character without visible content. */
export type Folded = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'dropped' };

const DROPPED: Folded = { kind: 'dropped' };

/**
 * Replacements beyond Unicode's compatibility decomposition; each row: a replacement and the characters it
 * replaces.
 */
const REPLACEMENTS: ReadonlyMap<string, string> = new Map(
  (
    [
      ["'", '\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u02c8\u00b4'],
      ['"', '\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f'],
      ['-', '\u2010\u2011\u2012\u2013\u2043\u2212'],
      ['--', '\u2014\u2015\u2e3a\u2e3b'],
      ['...', '\u2026'],
      ['\n', '\r\v\f\u0085\u2028\u2029'],
      [' ', '\t'],
      ['*', '\u2022\u2217'],
      ['.', '\u00b7'],
      ['/', '\u2044\u2215\u00f7'],
      ['x', '\u00d7'],
      ['(c)', '\u00a9'],
      ['(r)', '\u00ae'],
      ['ss', '\u00df'],
      ['SS', '\u1e9e'],
      ['ae', '\u00e6'],
      ['AE', '\u00c6'],
      ['oe', '\u0153'],
      ['OE', '\u0152'],
      ['o', '\u00f8'],
      ['O', '\u00d8'],
      ['d', '\u0111\u00f0'],
      ['D', '\u0110\u00d0'],
      ['l', '\u0142'],
      ['L', '\u0141'],
      ['th', '\u00fe'],
      ['Th', '\u00de'],
      ['h', '\u0127'],
      ['H', '\u0126'],
      ['t', '\u0167'],
      ['T', '\u0166'],
      ['ng', '\u014b'],
      ['NG', '\u014a'],
      ['i', '\u0131'],
      ['k', '\u0138'],
      ['f', '\u0192'],
    ] as const
  ).flatMap(([text, characters]) => [...characters].map((character) => [character, text] as const)),
);

/**
 * Invisible characters, which are dropped without being counted: controls, marks on letters, variation
 * selectors, joiners, bidirectional controls.
 */
const SILENT = /^[\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]$/u;
const SPACE = /^\p{Zs}$/u;
const DASH = /^\p{Pd}$/u;

/**
 * Folds one character into characters that `isKnown`.
 *
 * @param character one code point that is not known
 * @returns null where no known character can replace it
 */
export function fold(character: string, isKnown: (character: string) => boolean): Folded | null {
  let text = '';
  // Only single code points are normalised, each of which decomposes into at most 18: a long run of combining
  // marks, which normalising would have to sort, then costs no more than other text.
  for (const part of character.normalize('NFKD')) {
    const folded = replacement(part, isKnown);
    if (folded === null) return null;
    text += folded;
  }
  return text === '' ? DROPPED : { kind: 'text', text };
}

function replacement(part: string, isKnown: (character: string) => boolean): string | null {
  const written = REPLACEMENTS.get(part);
  if ((written ?? part) === '\n' && !isKnown('\n') && isKnown(' ')) return ' ';
  if (written !== undefined) return [...written].every(isKnown) ? written : null;
  if (SILENT.test(part)) return '';
  if (isKnown(part)) return part;
  // For a network whose training text was in lower case.
  if (isKnown(part.toLowerCase())) return part.toLowerCase();
  if (SPACE.test(part) && isKnown(' ')) return ' ';
  if (DASH.test(part) && isKnown('-')) return '-';
  return null;
}
