/**
 * What a network reads of a sequence, and how a model is served so that its network never reads a longer
 * context than in training. A `stateful` one carries its state from the first character to the last. One of
 * windows of N characters is served in one of two ways:
 *
 * - `refreshed`: its state is carried, but for a limited distance. At fixed positions, P = ceil(N / 2)
 *   characters apart, it is cleared and the last N - P characters are read again. So the state at a position
 *   depends on the last N - P + 1 to N characters before it only, and a resumed story continues identically.
 *   The cost: N / P characters read, which is at most two, for each one written.
 * - `windows`: a bidirectional layer reads both ways, so its results for one window cannot be reused for the
 *   next one. For each character a whole window is read: N characters read for each one written.
 */
import { StoryError } from '../errors.ts';
import { CHECKPOINTS, type Engine } from './engines/engine.ts';
import type { Model } from './model/model.ts';

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

const NO_CHECKPOINT = -1;

/** What a slot has read of one sequence, and is to read next. */
export class SlotReading {
  /** All ids that the network has been, or is to be, fed. */
  readonly ids: number[];
  /** Number of `ids` that have been fed. */
  fed = 0;
  /** Index of the first id before which the slot has to be cleared and earlier ids read again. */
  until = 0;
  readonly #serving: Serving;
  /** Number of ids that had been fed at each of the slot's checkpoints. */
  readonly #checkpoints = new Array<number>(CHECKPOINTS).fill(NO_CHECKPOINT);

  constructor(prompt: readonly number[], serving: Serving) {
    this.ids = [...prompt];
    this.#serving = serving;
  }

  /** At the end of a passage: clears the slot and continues from the start of the passage of the last id. */
  beginPassage(engine: Engine, slot: number): void {
    if (this.fed < this.until) return;
    const { from, until } = passageOf(this.ids.length - 1, this.#serving);
    engine.clear(slot);
    this.fed = from;
    this.until = until;
    this.#checkpoints.fill(NO_CHECKPOINT);
  }

  /**
   * Decides whether the slot's state before the next decode is kept for rewinds. An engine of single steps
   * reaches the wanted state between decodes; for one of several steps, the start of every decode is kept,
   * and the last one that is early enough is used.
   *
   * @param latest number of ids that may have been fed at most for the expected rewind
   * @param steps of the next decode
   * @param stepsPerDecode the most that a decode may have
   * @returns the number of the checkpoint that takes the state, which is recorded; undefined for none
   */
  nextCheckpoint(latest: number, steps: number, stepsPerDecode: number): number | undefined {
    const checkpoints = this.#checkpoints;
    if (this.fed < this.ids.length - steps) return undefined;
    if (stepsPerDecode === 1 ? this.fed !== latest : checkpoints.includes(this.fed)) return undefined;
    const newest = checkpoints.indexOf(Math.max(...checkpoints));
    const isNewestInUse = stepsPerDecode > 1 && checkpoints[newest]! <= latest;
    const number = isNewestInUse ? (newest + 1) % CHECKPOINTS : newest;
    checkpoints[number] = this.fed;
    return number;
  }

  /**
   * Returns to the last checkpoint at which no more than `fed` ids had been fed; where there is none, to the
   * beginning.
   */
  goBack(engine: Engine, slot: number, fed: number): void {
    const checkpoints = this.#checkpoints;
    let best = -1;
    checkpoints.forEach((at, number) => {
      if (at > fed) checkpoints[number] = NO_CHECKPOINT;
      else if (at !== NO_CHECKPOINT && (best < 0 || at > checkpoints[best]!)) best = number;
    });
    // The next draw may belong to an earlier passage than the current one.
    const isSamePassage = passageOf(this.ids.length - 1, this.#serving).until >= this.until;
    if (best < 0 || !isSamePassage) {
      this.fed = 0;
      this.until = 0;
      return;
    }
    engine.restore(slot, best);
    this.fed = checkpoints[best]!;
  }
}
