/** The words of a corpus that a lexicon is made of. */

const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*/g;
/** Works that have a word before it counts: a single author's invention, or a misprint, is in fewer. */
const LEAST_WORKS = 3;
/** Of a word's occurrences, the share in small letters from which it is a common one: below that, it is a name. */
const COMMON_SHARE = 0.2;

/**
 * Counts the words of works.
 *
 * @param works texts, one at a time
 * @param leastWorks in how many works a word has to occur; by default in 3, or in 1 where there are fewer than 10 works
 * @returns each word in small letters, and whether it is written small more often than now and then
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
