/**
 * Measures a network that starts in the middle of a text without a state. A network that never did so in
 * training can diverge from there, with one of its cells growing by one each step.
 */
import type { Engine } from '../../generator/engines/engine.ts';
import type { Vocabulary } from '../../generator/vocabulary.ts';
import { readWorks, scoreOf } from './evaluation.ts';

/** The result of one start. */
export interface FreshStart {
  /** The first id that is read, counted over all works. */
  readonly position: number;
  /** Mean of -log2 p over the ids that follow. */
  readonly bitsPerId: number;
}

export interface FreshStartOptions {
  /** Number of starts, at equal distances. */
  readonly count: number;
  /** Number of ids that are predicted from each. */
  readonly length: number;
}

/**
 * Reads a text from many positions, each from a fresh state, as many in parallel as the engine has slots.
 *
 * @param engine not in use by another caller
 * @param vocabulary the one of the engine's model
 * @returns the starts from the best to the worst
 * @throws RangeError for a text that is too short
 */
export async function freshStarts(
  engine: Engine,
  vocabulary: Vocabulary,
  text: string,
  { count, length }: FreshStartOptions,
): Promise<FreshStart[]> {
  const ids = readWorks(vocabulary, text).works.flat();
  const apart = Math.floor((ids.length - length - 1) / count);
  if (apart < 1) {
    throw new RangeError(
      `Expected a text that holds ${count} starts of ${length} ids, got one of ${ids.length} ids.`,
    );
  }
  const positions = Array.from({ length: count }, (_, i) => Math.floor((i + 0.5) * apart));
  const starts: FreshStart[] = [];
  for (let first = 0; first < count; first += engine.capacity) {
    const together = positions.slice(first, first + engine.capacity);
    const slots = together.map((_, slot) => slot);
    const bits = new Float64Array(together.length);
    for (const slot of slots) engine.clear(slot);
    for (let step = 0; step < length; step++) {
      // A work begins from a fresh state, as in training.
      for (const slot of slots) if (ids[together[slot]! + step] === vocabulary.eosId) engine.clear(slot);
      const logits = await engine.logits(
        slots,
        together.map((position) => ids[position + step]!),
      );
      together.forEach((position, row) => {
        const target = ids[position + step + 1]!;
        bits[row]! += scoreOf(logits, row * vocabulary.size, vocabulary.size, target).bits;
      });
    }
    starts.push(...together.map((position, row) => ({ position, bitsPerId: bits[row]! / length })));
  }
  return starts.toSorted((a, b) => a.bitsPerId - b.bitsPerId);
}
