/** Measures how much of a clean text the filter would change. */
import { type FoundWord, findWords } from '../../src/story/filter/find.ts';

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

export interface TouchedSentences {
  readonly sentences: number;
  readonly touched: number;
  /** The words that caused it, with their counts. */
  readonly words: ReadonlyMap<string, number>;
}

/** Counts the sentences of a text that have a word of the list, of any kind. */
export function touchedSentences(text: string): TouchedSentences {
  const words = new Map<string, number>();
  let [sentences, touched] = [0, 0];
  for (const paragraph of text.split('\n')) {
    for (const { segment } of SENTENCES.segment(paragraph)) {
      if (segment.trim() === '') continue;
      sentences++;
      const found = findWords(segment);
      if (found.length > 0) touched++;
      for (const word of found.map((one) => nameOf(one, segment)))
        words.set(word, (words.get(word) ?? 0) + 1);
    }
  }
  return { sentences, touched, words };
}

function nameOf({ start, end, kind }: FoundWord, text: string): string {
  return `${text.slice(start, end).toLowerCase()} (${kind})`;
}
