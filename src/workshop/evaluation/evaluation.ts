/** Measures how well a model predicts unseen text. */
import type { Engine } from '../../generator/engines/engine.ts';
import { passageOf, type Serving } from '../../generator/reading.ts';
import type { Vocabulary } from '../../generator/vocabulary.ts';
import { BOUNDARY } from '../../generator/vocabulary.ts';

export interface Evaluation {
  /** The sum of -log2 p over all scored ids, per character that they represent. */
  readonly bitsPerCharacter: number;
  /** Mean of -log2 p over all scored ids; equals `bitsPerCharacter` unless ids are words. */
  readonly bitsPerId: number;
  /** Share of the ids that were the most likely ones. */
  readonly accuracy: number;
  /** Scored characters: all but the U+0003 at the beginning of each work. */
  readonly characters: number;
  /** Scored ids: as many as characters, unless ids are words. */
  readonly ids: number;
  readonly works: number;
  /**
   * Characters that the vocabulary does not have. They were left out, or are in unknown words, whose spelling
   * costs nothing, so a score with any of them is doubtful.
   */
  readonly skipped: number;
  /** One entry for each of `EvaluateOptions.temperatures`. */
  readonly calibration: readonly Calibration[];
}

/** The score of the same network with its logits divided by a temperature before the softmax. */
export interface Calibration {
  readonly temperature: number;
  readonly bitsPerCharacter: number;
  /** Mean probability of the most likely id; for a calibrated network it equals the accuracy. */
  readonly confidence: number;
  /**
   * Expected calibration error of Guo et al., "On calibration of modern neural networks" (ICML 2017): the
   * mean distance between confidence and accuracy over `CALIBRATION_BINS` equal intervals of confidence, each
   * weighted by the number of ids in it.
   */
  readonly error: number;
}

export interface EvaluateOptions {
  /** Temperatures to score besides 1, each above 0; none by default, because each costs a softmax per id. */
  readonly temperatures?: readonly number[];
  /** Called periodically with the number of ids scored so far and in total. */
  readonly onProgress?: (scored: number, ids: number) => void;
  /**
   * How the engine's model is served, and therefore scored; by default with a state that is carried to a
   * work's end.
   */
  readonly serving?: Serving;
}

/** Steps between two calls of `onProgress`. */
const PROGRESS_STEPS = 200;
/** Intervals of confidence, as many as Guo et al. take. */
const CALIBRATION_BINS = 15;

/** A work that a slot is reading. */
interface Reading {
  readonly ids: readonly number[];
  readonly slot: number;
  /** Index of the id to feed next. */
  fed: number;
  /** Index of the id that must be fed for the next score, which belongs to the id after it. */
  position: number;
  /** Index of the first id that needs the slot cleared and the preceding ids read again. */
  until: number;
}

/**
 * Scores a text. Each work (separated by U+0003) is read from a fresh state, U+0003 first, and every
 * following character (or word) is predicted once, from the context that the network has when it is served.
 * As many works are read in parallel as the engine has slots. Characters outside the vocabulary are folded as
 * in a prompt.
 *
 * @param engine not in use by another caller
 * @param vocabulary the one of the engine's model
 * @throws RangeError when the text has nothing to score, or for a temperature that is not above 0
 */
export async function evaluate(
  engine: Engine,
  vocabulary: Vocabulary,
  text: string,
  { onProgress, temperatures = [], serving = { kind: 'carried' } }: EvaluateOptions = {},
): Promise<Evaluation> {
  const calibrations = temperatures.map((temperature) => new CalibrationSums(temperature));
  const { works, characters, skipped } = readWorks(vocabulary, text);
  const count = works.reduce((sum, ids) => sum + ids.length - 1, 0);
  if (count === 0) throw new RangeError('Expected `text` to hold characters to score, got none.');
  // Longest first, so that few slots are idle at the end.
  const waiting = works.toSorted((a, b) => a.length - b.length);
  const seat = (slot: number): Reading[] => {
    const ids = waiting.pop();
    if (!ids) return [];
    return [{ ids, slot, fed: 0, position: 0, until: 0 }];
  };
  let readings = Array.from({ length: engine.capacity }, (_, slot) => slot).flatMap(seat);

  let bits = 0;
  let right = 0;
  let scored = 0;
  for (let step = 1; readings.length > 0; step++) {
    for (const reading of readings) if (reading.fed >= reading.until) beginPassage(engine, reading, serving);
    const logits = await engine.logits(
      readings.map((reading) => reading.slot),
      readings.map((reading) => reading.ids[reading.fed]!),
    );
    let ended = false;
    readings.forEach((reading, row) => {
      reading.fed += 1;
      if (reading.fed <= reading.position) return;
      scored += 1;
      reading.position += 1;
      const target = reading.ids[reading.position]!;
      const score = scoreOf(logits, row * vocabulary.size, vocabulary.size, target);
      bits += score.bits;
      right += score.right ? 1 : 0;
      for (const sums of calibrations) sums.add(logits, row * vocabulary.size, vocabulary.size, target);
      ended ||= reading.position === reading.ids.length - 1;
    });
    if (ended) {
      readings = readings.flatMap((reading) =>
        reading.position < reading.ids.length - 1 ? [reading] : seat(reading.slot),
      );
    }
    if (step % PROGRESS_STEPS === 0 || scored === count) onProgress?.(scored, count);
  }
  return {
    bitsPerCharacter: bits / characters,
    bitsPerId: bits / count,
    accuracy: right / count,
    characters,
    ids: count,
    works: works.length,
    skipped,
    calibration: calibrations.map((sums) => sums.result(characters)),
  };
}

/** Clears a reading's slot and returns to the beginning of the context for the next score. */
function beginPassage(engine: Engine, reading: Reading, serving: Serving): void {
  const { from, until } = passageOf(reading.position, serving);
  engine.clear(reading.slot);
  reading.fed = from;
  reading.until = until;
}

/** The ids of a text and, for each, the id that the network predicted as most likely. */
export interface Guesses {
  readonly actual: readonly string[];
  readonly guessed: readonly string[];
}

/**
 * Reads the beginning of a text's first work and predicts each character (or word) from those before it.
 *
 * @param engine not in use by another caller
 * @param vocabulary the one of the engine's model
 * @param characters maximum number to predict
 * @param serving how the engine's model is served
 * @throws RangeError when the text has no character to predict
 */
export async function guess(
  engine: Engine,
  vocabulary: Vocabulary,
  text: string,
  characters: number,
  serving: Serving = { kind: 'carried' },
): Promise<Guesses> {
  const [work] = readWorks(vocabulary, text).works;
  if (!work) throw new RangeError('Expected `text` to hold characters to guess, got none.');
  const [actual, guessed]: [string[], string[]] = [[], []];
  const reading: Reading = { ids: work, slot: 0, fed: 0, position: 0, until: 0 };
  let shown = 0;
  while (reading.position + 1 < work.length && shown < characters) {
    if (reading.fed >= reading.until) beginPassage(engine, reading, serving);
    const logits = await engine.logits([0], [work[reading.fed]!]);
    reading.fed += 1;
    if (reading.fed <= reading.position) continue;
    reading.position += 1;
    guessed.push(vocabulary.decode(likeliestOf(logits, 0, vocabulary.size)));
    const text = vocabulary.decode(work[reading.position]!);
    actual.push(text);
    shown += text.length;
  }
  return { actual, guessed };
}

/** The works of a text as ids, each with its U+0003; empty ones are left out. */
export function readWorks(
  vocabulary: Vocabulary,
  text: string,
): { readonly works: number[][]; readonly characters: number; readonly skipped: number } {
  let [characters, skipped] = [0, 0];
  const works: number[][] = [];
  for (const work of text.split(BOUNDARY)) {
    const encoded = vocabulary.encode(work);
    skipped += encoded.skipped;
    characters += encoded.characters;
    if (encoded.ids.length > 0) works.push([vocabulary.bosId, ...encoded.ids]);
  }
  return { works, characters, skipped };
}

/**
 * The surprisal of one id, from a row of logits: -log2 softmax(logits)[target] as (max + ln sum exp(l_i -
 * max) - l_target) / ln 2 in float64, which neither overflows nor loses small p.
 */
export function scoreOf(
  logits: Float32Array,
  offset: number,
  size: number,
  target: number,
): { bits: number; right: boolean } {
  const likeliest = likeliestOf(logits, offset, size);
  const max = logits[offset + likeliest]!;
  let sum = 0;
  for (let id = 0; id < size; id++) sum += Math.exp(logits[offset + id]! - max);
  const bits = (max - logits[offset + target]! + Math.log(sum)) / Math.LN2;
  return { bits, right: likeliest === target };
}

/** The id with the largest logit; the lowest id of several. */
function likeliestOf(logits: Float32Array, offset: number, size: number): number {
  let likeliest = 0;
  for (let id = 1; id < size; id++) {
    if (logits[offset + id]! > logits[offset + likeliest]!) likeliest = id;
  }
  return likeliest;
}

/** Accumulates the score of one temperature, in float64. */
class CalibrationSums {
  readonly #temperature: number;
  #count = 0;
  #bits = 0;
  #confidence = 0;
  /** For each interval of confidence, the sum of (confidence - right). */
  readonly #gaps = new Float64Array(CALIBRATION_BINS);

  constructor(temperature: number) {
    if (!(temperature > 0)) throw new RangeError(`Expected temperatures above 0, got ${temperature}.`);
    this.#temperature = temperature;
  }

  add(logits: Float32Array, offset: number, size: number, target: number): void {
    const likeliest = likeliestOf(logits, offset, size);
    const max = logits[offset + likeliest]!;
    let sum = 0;
    for (let id = 0; id < size; id++) sum += Math.exp((logits[offset + id]! - max) / this.#temperature);
    const confidence = 1 / sum;
    this.#count += 1;
    this.#bits += ((max - logits[offset + target]!) / this.#temperature + Math.log(sum)) / Math.LN2;
    this.#confidence += confidence;
    const bin = Math.min(CALIBRATION_BINS - 1, Math.floor(confidence * CALIBRATION_BINS));
    this.#gaps[bin]! += confidence - (likeliest === target ? 1 : 0);
  }

  /** @param number of characters that the ids represent */
  result(characters: number): Calibration {
    return {
      temperature: this.#temperature,
      bitsPerCharacter: this.#bits / characters,
      confidence: this.#confidence / this.#count,
      error: this.#gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / this.#count,
    };
  }
}
