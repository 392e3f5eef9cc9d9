/** Selects the words of texts for a lexicon. */
import { buildLexicon, Lexicon } from '../../generator/lexicon.ts';
import { BOUNDARY } from '../../generator/vocabulary.ts';

const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*/g;
/** Number of works that must contain a word; an author's invention or a misprint is in fewer. */
const LEAST_WORKS = 3;
/** With fewer works, one that contains a word is enough. */
const FEW_WORKS = 10;
/** A word is common from this share of lower-case occurrences; below it, the word is a name. */
const COMMON_SHARE = 0.2;

/**
 * The lexicon of a model that was trained on texts.
 *
 * @param texts whose works begin with U+0003; with fewer than 10 works, one that contains a word is enough
 * @param known the lexicon of the model whose training was continued, if any
 * @returns undefined where they have no words of the letters a to z
 */
export function lexiconOf(texts: readonly string[], known?: Lexicon): Lexicon | undefined {
  const words = new Map(known?.words());
  for (const text of texts) {
    const works = text.split(BOUNDARY).filter((work) => work.trim() !== '');
    // A name in one text may be a common word in another.
    for (const [word, isCommon] of wordsOf(works)) words.set(word, isCommon || words.get(word) === true);
  }
  return words.size === 0 ? undefined : new Lexicon(buildLexicon(words));
}

/** Each word in lower case, and whether it is a common word or only a name. */
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
