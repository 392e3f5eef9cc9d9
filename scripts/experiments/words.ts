/** A text as the ancestor's first system read it: words and punctuation, `<eos>` and `<unk>`. */

export interface Words {
  readonly names: readonly string[];
  readonly train: Uint16Array;
  readonly valid: Uint16Array;
  /** Share of the validation's words that are `<unk>`. */
  readonly unknown: number;
  /** Characters of the validation text for each of its words. */
  readonly charactersPerWord: number;
}

export const END_OF_SENTENCE = 0;
export const UNKNOWN = 1;
const WORD = /[A-Za-z]+(?:'[A-Za-z]+)*|\d+|[^\sA-Za-z\d]/g;
const SENTENCE_END = /^[.!?]$/;

export function readWords(train: string, valid: string, size: number): Words {
  const counts = new Map<string, number>();
  const words = train.match(WORD) ?? [];
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, size - 2);
  const names = ['<eos>', '<unk>', ...frequent.map(([word]) => word)];
  const ids = new Map(names.map((name, id) => [name, id]));
  const encode = (tokens: readonly string[]) =>
    Uint16Array.from(
      tokens.flatMap((word) => [
        ids.get(word) ?? UNKNOWN,
        ...(SENTENCE_END.test(word) ? [END_OF_SENTENCE] : []),
      ]),
    );
  const validIds = encode(valid.match(WORD) ?? []);
  return {
    names,
    train: encode(words),
    valid: validIds,
    unknown: validIds.filter((id) => id === UNKNOWN).length / validIds.length,
    charactersPerWord: valid.length / validIds.length,
  };
}
