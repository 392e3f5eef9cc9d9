/** Selects the words of texts for a lexicon. */

const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*/g;
/** Number of works that must contain a word; an author's invention or a misprint is in fewer. */
const LEAST_WORKS = 3;
/** With fewer works, one that contains a word is enough. */
const FEW_WORKS = 10;
/** A word is common from this share of lower-case occurrences; below it, the word is a name. */
const COMMON_SHARE = 0.2;

/**
 * Adds the words of a text to those of others.
 *
 * @param words each word in lower case, and whether it is a common word or only a name
 * @param works the works of the text; with fewer than 10, one that contains a word is enough
 * @returns whether the text has any words
 */
export function addWords(words: Map<string, boolean>, works: readonly string[]): boolean {
  const found = wordsOf(works);
  // A name in one text may be a common word in another.
  for (const [word, isCommon] of found) words.set(word, isCommon || words.get(word) === true);
  return found.size > 0;
}

function wordsOf(works: readonly string[]): Map<string, boolean> {
  const counts = new Map<string, { works: number; all: number; small: number; lastWork: number }>();
  for (const [index, work] of works.entries()) {
    for (const [written] of work.matchAll(WORD)) {
      const word = written.toLowerCase();
      const count = counts.get(word) ?? { works: 0, all: 0, small: 0, lastWork: -1 };
      count.all++;
      if (written[0] === word[0]) count.small++;
      if (count.lastWork !== index) count.works++;
      count.lastWork = index;
      counts.set(word, count);
    }
  }
  const least = works.length < FEW_WORKS ? 1 : LEAST_WORKS;
  return new Map(
    [...counts]
      .filter(([, count]) => count.works >= least)
      .map(([word, { small, all }]) => [word, small > COMMON_SHARE * all]),
  );
}
