/**
 * How a model is served so that its network never reads a longer context than in training. A `stateful` one
 * carries its state from the first character to the last. One of windows of N characters is served in one of
 * two ways:
 *
 * - `refreshed`: its state is carried, but for a limited distance. At fixed positions, P = ceil(N / 2)
 *   characters apart, it is cleared and the last N - P characters are read again. So the state at a position
 *   depends on the last N - P + 1 to N characters before it only, and a resumed story continues identically.
 *   The cost: N / P characters read, which is at most two, for each one written.
 * - `windows`: a bidirectional layer reads both ways, so its results for one window cannot be reused for the
 *   next one. For each character a whole window is read: N characters read for each one written.
 */
import { StoryError } from '../../errors.ts';
import type { Model } from './model.ts';

export type Serving =
  | { readonly kind: 'carried' }
  | { readonly kind: 'refreshed'; readonly characters: number }
  | { readonly kind: 'windows'; readonly characters: number };

type Readable = Pick<Model, 'name' | 'layers' | 'reading'>;

/** @throws StoryError `model_unavailable` for a bidirectional model whose window is unknown */
export function servingOf({ name, layers, reading }: Readable): Serving {
  const isBidirectional = layers.some(({ kind }) => kind === 'bidirectional');
  if (reading.kind === 'window') {
    return { kind: isBidirectional ? 'windows' : 'refreshed', characters: reading.characters };
  }
  if (!isBidirectional) return { kind: 'carried' };
  throw new StoryError(
    'model_unavailable',
    `The model ${name} has a bidirectional layer, which can only read windows, and does not say how long they are. Import it again and say so.`,
  );
}

/** Part of a sequence that is read without interruption from a cleared state. */
export interface Passage {
  /** Index of the id that is read first. */
  readonly from: number;
  /** Index of the first id that needs another passage. */
  readonly until: number;
}

/**
 * The passage in which an id is read. It depends on the id's index alone.
 *
 * @param index of the id in the whole sequence, 0 for the first
 */
export function passageOf(index: number, serving: Serving): Passage {
  switch (serving.kind) {
    case 'carried':
      return { from: 0, until: Number.POSITIVE_INFINITY };
    case 'refreshed': {
      const period = refreshPeriod(serving.characters);
      const begun = Math.floor(index / period) * period;
      return { from: Math.max(0, begun - (serving.characters - period)), until: begun + period };
    }
    case 'windows':
      // Window engines drop ids that have left the window themselves.
      return { from: Math.max(0, index + 1 - serving.characters), until: Number.POSITIVE_INFINITY };
  }
}

/** Number of characters for which a windowed model's state is carried before it is refreshed. */
export function refreshPeriod(characters: number): number {
  return Math.ceil(characters / 2);
}

/** Average number of ids that the network reads for each character that it writes. */
export function idsPerCharacter(serving: Serving): number {
  switch (serving.kind) {
    case 'carried':
      return 1;
    case 'refreshed':
      return serving.characters / refreshPeriod(serving.characters);
    case 'windows':
      return serving.characters;
  }
}
