/**
 * A run of training: epochs of chunks, a validation score after each, checkpoints from which a run goes on as
 * if nothing had happened, and a way back from a loss that explodes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../errors.ts';
import type { Model } from '../model/model.ts';
import type { Tensor } from '../model/weights.ts';
import { Vocabulary, type VocabularyFile } from '../vocabulary.ts';
import type { CellState } from './cells.ts';
import { listCheckpoints, loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { Corpus } from './corpus.ts';
import { type Architecture, type Lesson, TrainableNetwork, type Weights } from './network.ts';
import { descend, type Slots } from './optimizers.ts';
import { nextPhase, type Phase } from './schedule.ts';
import { Streams } from './streams.ts';

/** What a run is; it stays the same when the run is continued, but for `epochs`. */
export interface TrainingSettings {
  readonly architecture: Architecture;
  readonly schedule: readonly Phase[];
  /** Steps through which gradients go back. */
  readonly steps: number;
  /** Norm that the gradient is cut to; 0 for never. */
  readonly clip: number;
  readonly epochs: number;
  readonly seed: number;
  /** Name and version of the model whose weights it began with, if any; for whoever reads the card. */
  readonly from?: string;
}

/** The mean over some characters. */
export interface Score {
  readonly bitsPerCharacter: number;
  /** Share of the characters that were the likeliest ones. */
  readonly accuracy: number;
}

/** Where a run stands. */
export interface Progress {
  readonly settings: TrainingSettings;
  readonly vocabulary: VocabularyFile;
  /** The epoch under way, from 0, and how many of its chunks are done. */
  readonly epoch: number;
  readonly chunk: number;
  /** Index of the phase, and steps of its optimizer. */
  readonly phase: number;
  readonly phaseSteps: number;
  /** Characters learned from since the beginning. */
  readonly characters: number;
  /** What the rates are multiplied with: halved at every setback. */
  readonly rateScale: number;
  readonly setbacks: number;
  /** Running mean of the loss, in nats; undefined before the first. */
  readonly usual: number | undefined;
  /** Sums over the epoch under way. */
  readonly nats: number;
  readonly right: number;
  readonly best: (Score & { readonly epoch: number }) | undefined;
  /** Epochs since the best one. */
  readonly fruitless: number;
  /** The last validation score. */
  readonly valid: Score | undefined;
  /** Milliseconds that all of it took. */
  readonly milliseconds: number;
}

/** What is told after some chunks. */
export interface Report {
  readonly epoch: number;
  readonly epochs: number;
  readonly chunk: number;
  readonly chunks: number;
  readonly train: Score;
  /** Running mean of the loss over about the last twenty chunks. */
  readonly recentBits: number;
  readonly characters: number;
  readonly learningRate: number;
  readonly charactersPerSecond: number;
  /** Of the whole run, at that speed; validation not counted. */
  readonly secondsLeft: number;
}

export interface EpochReport {
  readonly epoch: number;
  readonly train: Score;
  readonly valid: Score;
  readonly isBest: boolean;
  readonly learningRate: number;
  readonly streams: number;
  readonly optimizer: string;
  readonly seconds: number;
  readonly characters: number;
}

export interface TrainerOptions {
  /** Folder of the run. */
  readonly folder: string;
  readonly corpus: Corpus;
  readonly onProgress?: (report: Report) => void;
  /** Twenty times an epoch. */
  readonly onLog?: (report: Report) => Promise<void> | void;
  readonly onEpoch?: (report: EpochReport, trainer: Trainer) => Promise<void> | void;
  /** Told of everything that is neither: setbacks, phases. */
  readonly onNews?: (sentence: string) => void;
  /** A checkpoint is written at least this often, as machines that are rented by the hour may vanish. */
  readonly saveEveryMs?: number;
  readonly clock?: () => number;
}

const CHECKPOINTS = 'checkpoints';
const SAVE_EVERY_MS = 10 * 60_000;
/** Checkpoints that are kept beside the best one. */
const KEPT = 3;
const SETBACKS_MAX = 3;
/** A loss this much above the mean of those before is an explosion, in nats. */
const EXPLOSION = 2;
/** Weight of a new loss in the running mean. */
const MEMORY = 0.05;
/** Validation reads stretches of about so many characters, side by side and each from a fresh state. */
const VALID_STREAMS = 16;
const VALID_STEPS = 64;
/** Of a longer validation text the beginning is read: `scifi evaluate` reads all of it. */
const VALID_MOST = 400_000;
const PROGRESS_EVERY_MS = 500;
const LOGS_PER_EPOCH = 20;
const DROPOUT_SEEDS = 1_000_003;

export class Trainer {
  readonly network: TrainableNetwork;
  readonly #options: TrainerOptions;
  readonly #clock: () => number;
  #progress: Progress;
  #weights: Weights;
  #slots: Slots;
  #states: readonly CellState[];
  #streams: Streams;
  #saved: string | undefined;

  private constructor(options: TrainerOptions, progress: Progress, tensors?: ReadonlyMap<string, Tensor>) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.network = new TrainableNetwork(progress.settings.architecture, options.corpus.vocabulary.size);
    this.#progress = progress;
    this.#streams = this.#streamsOf(progress.phase);
    if (tensors) {
      this.#weights = tensorsOf(tensors, 'weights/');
      this.#slots = tensorsOf(tensors, 'slots/');
      this.#states = this.#statesIn(tensors);
    } else {
      this.#weights = this.network.draw(progress.settings.seed);
      this.#slots = new Map();
      this.#states = this.network.freshStates(this.#phase.streams);
    }
  }

  /**
   * Begins a run.
   *
   * @param from a model to learn on from, of the settings' architecture and the corpus's vocabulary; by default
   *   the weights are drawn
   * @throws StoryError `bad_request` when there is one in the folder already
   */
  static async begin(settings: TrainingSettings, options: TrainerOptions, from?: Model): Promise<Trainer> {
    const folder = join(options.folder, CHECKPOINTS);
    if ((await listCheckpoints(folder)).length > 0) {
      throw new StoryError(
        'bad_request',
        `There is a run in ${options.folder} already. Go on with it (--continue), or choose another folder.`,
      );
    }
    await mkdir(folder, { recursive: true });
    const trainer = new Trainer(options, {
      settings,
      vocabulary: options.corpus.vocabulary.toFile(),
      epoch: 0,
      chunk: 0,
      phase: 0,
      phaseSteps: 0,
      characters: 0,
      rateScale: 1,
      setbacks: 0,
      usual: undefined,
      nats: 0,
      right: 0,
      best: undefined,
      fruitless: 0,
      valid: undefined,
      milliseconds: 0,
    });
    if (from) {
      tf.dispose([...trainer.#weights.values()]);
      trainer.#weights = trainer.network.weightsOf(from);
    }
    await trainer.save();
    return trainer;
  }

  /** What the last checkpoint of a run says. @throws StoryError `bad_request` when there is none */
  static async find(
    folder: string,
  ): Promise<{ readonly settings: TrainingSettings; readonly vocabulary: Vocabulary }> {
    const { progress } = await last(folder);
    return { settings: progress.settings, vocabulary: new Vocabulary(progress.vocabulary) };
  }

  /** Goes on with a run from its last checkpoint. */
  static async continue(options: TrainerOptions, epochs?: number): Promise<Trainer> {
    const { progress, tensors, name } = await last(options.folder);
    const settings = { ...progress.settings, epochs: epochs ?? progress.settings.epochs };
    const trainer = new Trainer(options, { ...progress, settings }, tensors);
    trainer.#saved = name;
    return trainer;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get weights(): Weights {
    return this.#weights;
  }

  /**
   * Trains until all epochs are done or the signal says so; either way a checkpoint is written.
   *
   * @returns whether all epochs are done
   * @throws StoryError `bad_request` when the loss has exploded more than three times
   */
  async run(signal?: AbortSignal): Promise<boolean> {
    const { saveEveryMs = SAVE_EVERY_MS, onProgress, onLog } = this.#options;
    const { epochs } = this.#progress.settings;
    let savedAt = this.#clock();
    let toldAt = savedAt;
    let before = savedAt;
    let speed: number | undefined;
    while (this.#progress.epoch < epochs) {
      if (signal?.aborted) {
        await this.save();
        return false;
      }
      const lesson = this.#streams.lesson(this.#progress.chunk, this.#progress.epoch);
      const isGood = await this.#learn(lesson);
      const now = this.#clock();
      this.#progress = { ...this.#progress, milliseconds: this.#progress.milliseconds + now - before };
      const rate = ((lesson.steps * lesson.streams) / (now - before)) * 1_000;
      before = now;
      if (!isGood) {
        await this.#goBack();
        continue;
      }
      speed = speed === undefined ? rate : speed + MEMORY * (rate - speed);
      if (onProgress && now - toldAt >= PROGRESS_EVERY_MS) {
        toldAt = now;
        onProgress(this.#report(speed));
      }
      const logEvery = Math.ceil(this.#streams.chunks / LOGS_PER_EPOCH);
      if (this.#progress.chunk % logEvery === 0) await onLog?.(this.#report(speed));
      if (this.#progress.chunk >= this.#streams.chunks) {
        await this.#endEpoch();
        savedAt = this.#clock();
      } else if (now - savedAt >= saveEveryMs) {
        await this.save();
        savedAt = this.#clock();
      }
      // Timers and signals have their turn: on WASM nothing above has waited for anything.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }

  /**
   * How well the weights predict the validation text, in stretches side by side that each begin afresh: a little
   * more bits than `scifi evaluate` finds, which carries the state to the end of a work.
   */
  async validate(): Promise<Score> {
    const { corpus } = this.#options;
    const valid = corpus.valid.subarray(0, VALID_MOST + 1);
    const length = valid.length - 1;
    const steps = Math.min(VALID_STEPS, length);
    const streams = Math.max(1, Math.min(VALID_STREAMS, Math.floor(length / steps)));
    const reader = new Streams(valid, {
      streams,
      steps,
      endOfText: markOf(corpus.vocabulary),
      seed: undefined,
    });
    let states = this.network.freshStates(streams);
    let [nats, right] = [0, 0];
    for (let chunk = 0; chunk < reader.chunks; chunk++) {
      const given = states;
      const pass = inTidy(() => {
        const {
          loss,
          right: count,
          states: next,
        } = this.network.read(this.#weights, reader.lesson(chunk, 0), given);
        return { numbers: [loss, count] as const, states: next };
      });
      tf.dispose(states as never);
      states = pass.states as CellState[];
      nats += await numberIn(pass.numbers[0]);
      right += await numberIn(pass.numbers[1]);
    }
    tf.dispose(states as never);
    const characters = reader.chunks * streams * steps;
    return { bitsPerCharacter: nats / reader.chunks / Math.LN2, accuracy: right / characters };
  }

  /** Writes a checkpoint, named by epoch and validation score. */
  async save(): Promise<string> {
    const { epoch, chunk, valid } = this.#progress;
    const number = (value: number, digits: number) => String(value).padStart(digits, '0');
    const score = valid ? `-${valid.bitsPerCharacter.toFixed(4)}bpc` : '';
    const name = `epoch-${number(epoch, 4)}-chunk-${number(chunk, 6)}${score}`;
    const tensors = new Map<string, Tensor>();
    const add = async (key: string, tensor: tf.Tensor) => {
      const values = (await tensor.data()) as Float32Array;
      tensors.set(key, { name: key, shape: tensor.shape, values });
    };
    for (const [key, tensor] of this.#weights) await add(`weights/${key}`, tensor);
    for (const [key, tensor] of this.#slots) await add(`slots/${key}`, tensor);
    for (const [layer, state] of this.#states.entries()) {
      for (const [i, tensor] of state.entries()) await add(`states/${layer}/${i}`, tensor);
    }
    const folder = join(this.#options.folder, CHECKPOINTS);
    await saveCheckpoint(folder, name, { progress: this.#progress, tensors });
    this.#saved = name;
    const names = await listCheckpoints(folder);
    const best = this.#progress.best;
    const isBest = (one: string) =>
      best !== undefined && one.startsWith(`epoch-${number(best.epoch + 1, 4)}-chunk-000000`);
    for (const old of names.slice(0, -KEPT)) if (!isBest(old)) await removeCheckpoint(folder, old);
    return name;
  }

  dispose(): void {
    tf.dispose([...this.#weights.values(), ...this.#slots.values()]);
    tf.dispose(this.#states as never);
  }

  get #phase(): Phase {
    return this.#progress.settings.schedule[this.#progress.phase]!;
  }

  #streamsOf(phase: number): Streams {
    const { settings } = this.#progress;
    const { corpus } = this.#options;
    const { streams } = settings.schedule[phase]!;
    const { steps, seed } = settings;
    return new Streams(corpus.train, { streams, steps, seed, endOfText: markOf(corpus.vocabulary) });
  }

  #statesIn(tensors: ReadonlyMap<string, Tensor>): CellState[] {
    return this.#progress.settings.architecture.units.map((_, layer) => [
      ...tensorsOf(tensors, `states/${layer}/`).values(),
    ]) as CellState[];
  }

  /** One step; false when the loss was none, or exploded: then nothing of it is kept. */
  async #learn(lesson: Lesson): Promise<boolean> {
    const { settings, epoch, chunk, phaseSteps, rateScale, usual } = this.#progress;
    const { optimizer, learningRate } = this.#phase;
    const dropoutSeed = settings.seed + DROPOUT_SEEDS * (epoch * this.#streams.chunks + chunk + 1);
    const passed = inTidy(() => {
      const pass = this.network.learn(this.#weights, lesson, this.#states, dropoutSeed);
      const rate = { name: optimizer, learningRate: learningRate * rateScale };
      const next = descend(this.#weights, pass.gradients, this.#slots, rate, settings.clip, phaseSteps + 1);
      return { ...next, numbers: [pass.loss, pass.right, next.norm] as const, states: pass.states };
    });
    const loss = await numberIn(passed.numbers[0]);
    const right = await numberIn(passed.numbers[1]);
    const norm = await numberIn(passed.numbers[2]);
    const { weights, slots, states } = passed;
    const isTooMuch = loss > (usual ?? Number.POSITIVE_INFINITY) + EXPLOSION;
    if (!Number.isFinite(loss) || !Number.isFinite(norm) || isTooMuch) {
      tf.dispose([...weights.values(), ...slots.values()]);
      tf.dispose(states as never);
      return false;
    }
    this.dispose();
    [this.#weights, this.#slots, this.#states] = [weights, slots, states];
    const rows = lesson.steps * lesson.streams;
    this.#progress = {
      ...this.#progress,
      chunk: chunk + 1,
      phaseSteps: phaseSteps + 1,
      characters: this.#progress.characters + rows,
      nats: this.#progress.nats + loss,
      right: this.#progress.right + right,
      usual: usual === undefined ? loss : usual + MEMORY * (loss - usual),
    };
    return true;
  }

  /** Back to the last checkpoint, with half the rate. */
  async #goBack(): Promise<void> {
    const { onNews = () => {}, folder } = this.#options;
    const { setbacks, rateScale, milliseconds } = this.#progress;
    if (setbacks >= SETBACKS_MAX) {
      throw new StoryError(
        'bad_request',
        `The loss has exploded ${setbacks + 1} times, the last time at ${rateScale} of the learning rate. Begin anew ` +
          'with a smaller one, or with a smaller --clip; the last good checkpoint is kept.',
      );
    }
    const { progress, tensors } = await loadCheckpoint<Progress>(join(folder, CHECKPOINTS), this.#saved!);
    this.dispose();
    this.#progress = { ...progress, rateScale: rateScale / 2, setbacks: setbacks + 1, milliseconds };
    this.#weights = tensorsOf(tensors, 'weights/');
    this.#slots = tensorsOf(tensors, 'slots/');
    this.#states = this.#statesIn(tensors);
    this.#streams = this.#streamsOf(progress.phase);
    // At once: a machine that vanishes before the next checkpoint must not forget what it has learned of the rate.
    await this.save();
    onNews(`The loss exploded: back to ${this.#saved} with ${rateScale / 2} of the learning rate.`);
  }

  async #endEpoch(): Promise<void> {
    const { onEpoch, onNews = () => {} } = this.#options;
    const ended = this.#progress;
    const train = this.#scoreSoFar();
    const valid = await this.validate();
    const isBest = ended.best === undefined || valid.bitsPerCharacter < ended.best.bitsPerCharacter;
    const best = isBest ? { ...valid, epoch: ended.epoch } : ended.best;
    const fruitless = isBest ? 0 : ended.fruitless + 1;
    const { optimizer, learningRate, streams } = this.#phase;
    const { schedule } = ended.settings;
    const phase = nextPhase(schedule, ended.phase, ended.epoch + 1, fruitless);
    const next = schedule[phase]!;
    this.#progress = {
      ...ended,
      epoch: ended.epoch + 1,
      chunk: 0,
      nats: 0,
      right: 0,
      best,
      fruitless,
      valid,
    };
    if (phase !== ended.phase) {
      // Another optimizer begins with nothing, and another number of streams reads from elsewhere.
      tf.dispose([...this.#slots.values()]);
      this.#slots = new Map();
      this.#progress = { ...this.#progress, phase, phaseSteps: 0, fruitless: 0 };
      this.#streams = this.#streamsOf(phase);
      if (next.streams !== streams) {
        tf.dispose(this.#states as never);
        this.#states = this.network.freshStates(next.streams);
      }
      onNews(
        `From epoch ${ended.epoch + 2} on: ${next.optimizer} at ${next.learningRate}, ${next.streams} streams.`,
      );
    }
    await this.save();
    const { epoch, characters, milliseconds, rateScale } = ended;
    await onEpoch?.(
      {
        ...{ epoch, train, valid, isBest, streams, optimizer, characters },
        learningRate: learningRate * rateScale,
        seconds: milliseconds / 1_000,
      },
      this,
    );
  }

  #scoreSoFar(): Score {
    const { nats, right, chunk } = this.#progress;
    const rows = this.#progress.settings.steps * this.#phase.streams;
    return { bitsPerCharacter: nats / chunk / Math.LN2, accuracy: right / (chunk * rows) };
  }

  #report(charactersPerSecond: number): Report {
    const { epoch, chunk, settings, characters, rateScale, usual } = this.#progress;
    const { chunks } = this.#streams;
    const rows = settings.steps * this.#phase.streams;
    const left = (settings.epochs - epoch) * chunks - chunk;
    return {
      ...{ epoch, epochs: settings.epochs, chunk, chunks, characters, charactersPerSecond },
      recentBits: (usual ?? Number.NaN) / Math.LN2,
      learningRate: this.#phase.learningRate * rateScale,
      train: this.#scoreSoFar(),
      secondsLeft: (left * rows) / charactersPerSecond,
    };
  }
}

async function last(folder: string): Promise<{
  readonly name: string;
  readonly progress: Progress;
  readonly tensors: ReadonlyMap<string, Tensor>;
}> {
  const below = join(folder, CHECKPOINTS);
  const name = (await listCheckpoints(below)).at(-1);
  if (!name)
    throw new StoryError(
      'bad_request',
      `There is no run in ${folder} to go on with. Begin one without --continue.`,
    );
  return { name, ...(await loadCheckpoint<Progress>(below, name)) };
}

/** The tensors whose names begin so, on the device and without that beginning. */
function tensorsOf(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, tf.Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { values, shape }]) => [
        name.slice(prefix.length),
        tf.tensor(values, [...shape], 'float32'),
      ]),
  );
}

/** `tf.tidy` for results that hold their tensors in maps and lists. */
function inTidy<T extends object>(work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
    const kept: tf.Tensor[] = [];
    const collect = (value: unknown): void => {
      if (value instanceof tf.Tensor) kept.push(value);
      else if (value instanceof Map) for (const inner of value.values()) collect(inner);
      else if (typeof value === 'object' && value !== null)
        for (const inner of Object.values(value)) collect(inner);
    };
    collect(result);
    return kept;
  });
  return result!;
}

async function numberIn(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}

/** The id that marks where works begin, if there is one that does nothing else. */
function markOf({ hasEndOfText, endOfText }: Vocabulary): number | undefined {
  return hasEndOfText ? endOfText : undefined;
}
