/**
 * Rules for deliberate misspellings of the list's words: letters left out, and signs in place of letters.
 * Pure.
 */

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

/**
 * The word with one vowel, or one of two equal letters, left out; and without any vowel. Some of these are
 * real words: `INNOCENT_WORDS` lists them.
 *
 * @param word letters only, without the optional continuations of an entry
 * @param isVulgar whether its skeleton may have three letters: a needlessly masked word is still readable
 */
export function withoutLetters(word: string, isVulgar: boolean): string[] {
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

/** Signs that replace letters only in disguises, in addition to those that `obscenity` knows. */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/¡/g, 'i'],
  [/[q9]/g, 'g'],
];

/** A spelling as written, and with replacement signs read as letters. */
export function readingsOf(bare: string): string[] {
  const read = STAND_INS.reduce((text, [sign, letter]) => text.replace(sign, letter), bare);
  return read === bare ? [bare] : [bare, read];
}
