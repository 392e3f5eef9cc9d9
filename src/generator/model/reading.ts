/**
 * How a model is served so that its network never sees more than it was trained to see. A `stateful` one carries
 * its state from the first character to the last. One of windows of N characters is served in one of two ways:
 *
 * - `refreshed`: its state is carried, too, but only so far. At fixed places, P = ceil(N / 2) characters apart, it
 *   is cleared and the last N - P characters are read again. So the state at a place is made of the last N - P + 1
 *   to N characters before it, whichever way somebody came there, and a story that is resumed goes on alike.
 *   The cost: N / P characters read, which is at most two, for each one written.
 * - `windows`: a bidirectional layer sees to its right as well, so nothing that it made of a window is of use in
 *   the next one. For each character a whole window is read: N characters read for each one written.
 */
import { StoryError } from '../../errors.ts';
import type { Model } from './model.ts';

export type Serving =
  | { readonly kind: 'carried' }
  | { readonly kind: 'refreshed'; readonly characters: number }
  | { readonly kind: 'windows'; readonly characters: number };

type Readable = Pick<Model, 'name' | 'layers' | 'reading'>;

/** @throws StoryError `model_unavailable` for a bidirectional model that does not say how much it sees */
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

/** Part of a sequence that is read in one go from a fresh state. */
export interface Passage {
  /** Index of the id that is read first. */
  readonly from: number;
  /** Index of the first id for which another passage has to be begun. */
  readonly until: number;
}

/**
 * The passage in which an id is read. It depends on the id's index alone.
 *
 * @param index of the id in everything that there is to read, 0 for the first
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
      // Engines of windows forget by themselves what has left the window.
      return { from: Math.max(0, index + 1 - serving.characters), until: Number.POSITIVE_INFINITY };
  }
}

/** How many characters the state of a model of windows is carried before it is refreshed. */
export function refreshPeriod(characters: number): number {
  return Math.ceil(characters / 2);
}

/** How many ids the network reads for each character that it writes, in the long run. */
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
