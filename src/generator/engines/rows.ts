/**
 * What engines share: argument checks, one call at a time, drawing for engines that return logits to the host,
 * and a pause in which an engine on the event loop's thread lets it do other work.
 */
import { LIKELIEST, noteProbabilities } from '../draw-probabilities.ts';
import type { Model } from '../model/model.ts';
import { sampleFromLogits } from '../sampler.ts';
import { CHECKPOINTS, type Engine, type Row } from './engine.ts';

type Bounds = Pick<Engine, 'capacity' | 'vocabularySize' | 'stepsPerDecode'>;

/** @throws RangeError naming the first row that breaks the rules of `Engine.decode` */
export function checkRows(engine: Bounds, batch: readonly Row[], steps: number): void {
  expectInteger('steps', steps, 1, engine.stepsPerDecode);
  checkSlots(
    engine,
    batch.map((entry) => entry.slot),
  );
  for (const row of batch) {
    const { slot, feed, temperature, wordTemperature = 0, minP = 0, uniforms, allowed, probabilities } = row;
    if (feed.length < 1 || feed.length > steps) {
      throw new RangeError(
        `Expected \`feed\` of slot ${slot} to hold 1 to ${steps} ids, got ${feed.length}.`,
      );
    }
    checkIds(engine, feed);
    if (!(temperature >= 0)) {
      throw new RangeError(`Expected \`temperature\` of slot ${slot} to be 0 or more, got ${temperature}.`);
    }
    if (!(wordTemperature >= 0)) {
      throw new RangeError(
        `Expected \`wordTemperature\` of slot ${slot} to be 0 or more, got ${wordTemperature}.`,
      );
    }
    if (!(minP >= 0 && minP <= 1)) {
      throw new RangeError(`Expected \`minP\` of slot ${slot} to be from 0 to 1, got ${minP}.`);
    }
    if (uniforms.length < steps) {
      throw new RangeError(`Expected \`uniforms\` of slot ${slot} to hold ${steps}, got ${uniforms.length}.`);
    }
    if (allowed) checkAllowed(engine, slot, allowed, steps);
    if (probabilities && probabilities.ids.length < steps * LIKELIEST) {
      throw new RangeError(
        `Expected \`probabilities\` of slot ${slot} to have room for ${steps} steps, got ${probabilities.ids.length / LIKELIEST}.`,
      );
    }
  }
}

function checkAllowed(
  engine: Bounds,
  slot: number,
  allowed: NonNullable<Row['allowed']>,
  steps: number,
): void {
  if (allowed.length < steps) {
    throw new RangeError(`Expected \`allowed\` of slot ${slot} to hold ${steps}, got ${allowed.length}.`);
  }
  for (const ids of allowed) {
    if (ids === undefined || (ids.length === engine.vocabularySize && ids.includes(1))) continue;
    throw new RangeError(
      `Expected \`allowed\` of slot ${slot} to allow some of ${engine.vocabularySize} ids, got ${ids.includes(1) ? 'some' : 'none'} of ${ids.length}.`,
    );
  }
}

/**
 * @throws RangeError unless there is at least one slot, each is one of the engine's, and all are different
 */
export function checkSlots(engine: Pick<Bounds, 'capacity'>, slots: readonly number[]): void {
  if (slots.length === 0) throw new RangeError('Expected `slots` to hold at least one slot, got none.');
  for (const slot of slots) expectInteger('slot', slot, 0, engine.capacity - 1);
  if (new Set(slots).size !== slots.length) {
    throw new RangeError(`Expected \`slots\` to hold no slot twice, got ${slots.join(', ')}.`);
  }
}

/**
 * @throws RangeError unless each slot is one of the engine's, all are different, and there is a checkpoint of
 *   that number
 */
export function checkCheckpoint(
  engine: Pick<Bounds, 'capacity'>,
  slots: readonly number[],
  number: number,
): void {
  checkSlots(engine, slots);
  expectInteger('number', number, 0, CHECKPOINTS - 1);
}

/**
 * @throws RangeError unless every id is in the vocabulary, and their number is the expected one, where one is
 *   given
 */
export function checkIds(
  engine: Pick<Bounds, 'vocabularySize'>,
  ids: ArrayLike<number>,
  wanted = ids.length,
): void {
  if (ids.length !== wanted) {
    throw new RangeError(`Expected \`ids\` to hold ${wanted}, one for each slot, got ${ids.length}.`);
  }
  for (let i = 0; i < ids.length; i++) expectInteger('id', ids[i], 0, engine.vocabularySize - 1);
}

/** @throws RangeError unless `value` is an integer from `min` to `max` */
export function expectInteger(name: string, value: unknown, min: number, max: number): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw new RangeError(`Expected \`${name}\` to be an integer from ${min} to ${max}, got ${String(value)}.`);
}

const WORD_CHARACTER = /^[\p{L}\p{M}'\u2019]$/u;

/**
 * For each id, 1 where the draw after it is inside of a word, which is the case when the id stands for a
 * letter or an apostrophe; 0 elsewhere, and for all ids of a vocabulary of words, where each draw begins a
 * word.
 */
export function insideWord({ vocabulary }: Pick<Model, 'vocabulary'>): Uint8Array {
  const isCharacters = vocabulary.unit === 'char';
  return Uint8Array.from({ length: vocabulary.size }, (_, id) =>
    isCharacters && WORD_CHARACTER.test(vocabulary.decode(id)) ? 1 : 0,
  );
}

/** The temperature of a row's draw after an id. */
export function temperatureAfter({ temperature, wordTemperature }: Row, inside: number): number {
  return inside === 1 ? temperature : (wordTemperature ?? temperature);
}

/**
 * Draws one id for a row, from logits on the host.
 *
 * @param offset where the row's logits begin; there is one for each id of `inside`
 * @param previous the id that the row read in this step
 */
export function drawFrom(
  logits: Float32Array,
  offset: number,
  entry: Row,
  step: number,
  inside: Uint8Array,
  previous: number,
): number {
  const size = inside.length;
  const temperature = temperatureAfter(entry, inside[previous]!);
  const allowed = entry.allowed?.[step];
  const { minP, probabilities } = entry;
  const uniform = entry.uniforms[step]!;
  const drawn = sampleFromLogits(logits, offset, size, temperature, uniform, allowed, minP);
  if (probabilities) {
    noteProbabilities(probabilities, step, { logits, offset, size, temperature, allowed, minP, drawn });
  }
  return drawn;
}

/** One step of an engine: the signature of `Engine.logits`. */
export type StepLogits = (slots: readonly number[], ids: ArrayLike<number>) => Promise<Float32Array>;

/**
 * `Engine.decode` for an engine whose step returns logits: feeds the given or drawn ids, and draws on the
 * host. The caller has checked the rows.
 *
 * @param inside see `insideWord`
 */
export async function decodeOnHost(
  logitsOf: StepLogits,
  inside: Uint8Array,
  batch: readonly Row[],
  steps: number,
): Promise<Int32Array> {
  const vocabularySize = inside.length;
  const slots = batch.map((entry) => entry.slot);
  const drawn = new Int32Array(batch.length * steps);
  const ids = new Int32Array(batch.length);
  for (let step = 0; step < steps; step++) {
    batch.forEach((entry, i) => {
      ids[i] = step < entry.feed.length ? entry.feed[step]! : drawn[i * steps + step - 1]!;
    });
    const logits = await logitsOf(slots, ids);
    batch.forEach((entry, i) => {
      if (step < entry.feed.length - 1) return;
      drawn[i * steps + step] = drawFrom(logits, i * vocabularySize, entry, step, inside, ids[i]!);
    });
  }
  return drawn;
}

/** Admits one call at a time to an engine: each call starts from the state that the previous one left. */
export class Mutex {
  readonly #running = new Set<Promise<unknown>>();
  /** How many calls the active ones allow at once. */
  #limit = 1;
  #closed = false;

  /**
   * Starts synchronously, so later calls on the engine run after it.
   *
   * @param atOnce number of calls, this one included, that may be active together if all of them allow it
   * @throws Error while other calls are active, and after `close`
   */
  async run<T>(work: () => Promise<T>, atOnce = 1): Promise<T> {
    if (this.#closed) throw new Error('Expected the engine to be open, got a call after `close`.');
    const limit = this.#running.size === 0 ? atOnce : Math.min(this.#limit, atOnce);
    if (this.#running.size >= limit) {
      throw new Error(
        `Expected ${limit === 1 ? 'one call' : `${limit} calls`} at a time, got another before the last had ended.`,
      );
    }
    this.#limit = limit;
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Rejects new calls and runs `release` once, after the active calls have ended. */
  async close(release: () => unknown): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await release();
  }
}

/** Resolves after timers, sockets and messages were served; `setTimeout` would wait for milliseconds in a browser. */
export const nextTask: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(null);
        });
