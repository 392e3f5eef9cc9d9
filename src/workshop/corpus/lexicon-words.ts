/** Selects the words of a corpus for a lexicon. */

const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*/g;
/** Number of works that must contain a word; an author's invention or a misprint is in fewer. */
const LEAST_WORKS = 3;
/** A word is common from this share of lower-case occurrences; below it, the word is a name. */
const COMMON_SHARE = 0.2;

/**
 * Counts the words of works.
 *
 * @param works texts, one at a time
 * @param leastWorks number of works that must contain a word; by default 3, or 1 when there are fewer than 10
 *   works
 * @returns each word in lower case, and whether its share of lower-case occurrences makes it a common word
 */
export function lexiconWords(works: Iterable<string>, leastWorks?: number): Map<string, boolean> {
  const counts = new Map<string, { works: number; all: number; small: number; lastWork: number }>();
  let index = 0;
  for (const work of works) {
    index++;
    for (const [written] of work.matchAll(WORD)) {
      const word = written.toLowerCase();
      const count = counts.get(word) ?? { works: 0, all: 0, small: 0, lastWork: 0 };
      count.all++;
      if (written[0] === word[0]) count.small++;
      if (count.lastWork !== index) count.works++;
      count.lastWork = index;
      counts.set(word, count);
    }
  }
  const least = leastWorks ?? (index < 10 ? 1 : LEAST_WORKS);
  return new Map(
    [...counts]
      .filter(([, count]) => count.works >= least)
      .map(([word, { small, all }]) => [word, small > COMMON_SHARE * all]),
  );
}
