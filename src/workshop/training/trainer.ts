/**
 * A training run: epochs of chunks, a validation score after each epoch, checkpoints from which a run
 * continues exactly as if it had not stopped, and recovery from a loss that explodes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../errors.ts';
import type { Model } from '../../generator/model/model.ts';
import type { Corpus } from './corpus.ts';
import { TrainableNetwork, type TrainingBatch } from './network.ts';
import {
  afterChunk,
  afterEpoch,
  beginningOf,
  type EpochReport,
  learningRateOf,
  type Pace,
  type Progress,
  phaseOf,
  type Report,
  remember,
  reportOf,
  type Score,
  scoreOf,
  type TrainingSettings,
} from './progress.ts';
import { RunCheckpoints } from './run-checkpoints.ts';
import { nextPhase } from './schedule.ts';
import type { Weights } from './stages.ts';
import { disposeOf, type RunTensors, takeStep } from './step.ts';
import { type Streams, trainingStreams } from './streams.ts';
import { toModel, weightsOf } from './trained-model.ts';
import { validate } from './validation.ts';

export interface TrainerOptions {
  /** Folder of the run. */
  readonly folder: string;
  readonly corpus: Corpus;
  readonly onProgress?: (report: Report) => void;
  /** Called twenty times an epoch. */
  readonly onLog?: (report: Report) => Promise<void> | void;
  readonly onEpoch?: (report: EpochReport, trainer: Trainer) => Promise<void> | void;
  /** Called for other events: setbacks and new phases. */
  readonly onNews?: (sentence: string) => void;
  /** A checkpoint is written at least this often, because rented machines may disappear at any time. */
  readonly saveEveryMs?: number;
  readonly clock?: () => number;
}

const SAVE_EVERY_MS = 10 * 60_000;
const SETBACKS_MAX = 3;
/** A loss that exceeds the running mean by this much, in nats, counts as an explosion. */
const EXPLOSION = 2;
const PROGRESS_EVERY_MS = 500;
const LOGS_PER_EPOCH = 20;
const DROPOUT_SEEDS = 1_000_003;

export class Trainer {
  readonly network: TrainableNetwork;
  readonly #options: TrainerOptions;
  readonly #checkpoints: RunCheckpoints;
  readonly #clock: () => number;
  #progress: Progress;
  #tensors: RunTensors;
  #streams: Streams;

  private constructor(options: TrainerOptions, progress: Progress, restore?: () => RunTensors) {
    this.#options = options;
    this.#checkpoints = new RunCheckpoints(options.folder);
    this.#clock = options.clock ?? (() => performance.now());
    this.network = new TrainableNetwork(progress.settings.architecture, options.corpus.vocabulary.size);
    this.#progress = progress;
    this.#streams = trainingStreams(this.#options.corpus, progress);
    this.#tensors = restore?.() ?? {
      weights: this.network.draw(progress.settings.seed),
      slots: new Map(),
      states: this.network.freshStates(phaseOf(this.#progress).streams),
    };
  }

  /**
   * Starts a run.
   *
   * @param from a model to continue from, of the settings' architecture and the corpus's vocabulary; by
   *   default the weights are drawn
   * @throws StoryError `bad_request` when the folder already has a run
   */
  static async begin(settings: TrainingSettings, options: TrainerOptions, from?: Model): Promise<Trainer> {
    await new RunCheckpoints(options.folder).begin();
    const trainer = new Trainer(options, beginningOf(settings, options.corpus.vocabulary.toFile()));
    if (from) {
      tf.dispose([...trainer.#tensors.weights.values()]);
      trainer.#tensors = { ...trainer.#tensors, weights: weightsOf(trainer.network, from) };
    }
    await trainer.save();
    return trainer;
  }

  /** Continues a run from its last checkpoint. */
  static async continue(options: TrainerOptions, epochs?: number): Promise<Trainer> {
    const { progress, restore } = await new RunCheckpoints(options.folder).last();
    const settings = { ...progress.settings, epochs: epochs ?? progress.settings.epochs };
    return new Trainer(options, { ...progress, settings }, restore);
  }

  get progress(): Progress {
    return this.#progress;
  }

  get weights(): Weights {
    return this.#tensors.weights;
  }

  /**
   * Trains until all epochs are done or the signal aborts; in both cases it writes a checkpoint.
   *
   * @returns whether all epochs are done
   * @throws StoryError `bad_request` when the loss has exploded more than three times
   */
  async run(signal?: AbortSignal): Promise<boolean> {
    const { saveEveryMs = SAVE_EVERY_MS, onProgress, onLog } = this.#options;
    let savedAt = this.#clock();
    let toldAt = savedAt;
    let before = savedAt;
    let speed: number | undefined;
    while (this.#progress.epoch < this.#progress.settings.epochs) {
      // The run may have been interrupted during a validation, after all chunks of its epoch.
      if (!signal?.aborted && this.#progress.chunk >= this.#streams.chunks) {
        const valid = await this.validate(signal);
        if (valid) {
          before = this.#spend(before);
          await this.#endEpoch(valid);
          // The time for saving and sampling counts for the run, not for the next chunk.
          before = this.#spend(before);
          savedAt = before;
          continue;
        }
      }
      if (signal?.aborted) {
        await this.save();
        return false;
      }
      const isGood = await this.#learn(this.#streams.batch(this.#progress.chunk, this.#progress.epoch));
      const now = this.#spend(before);
      const { rows, charactersPerRow } = this.#pace;
      const rate = ((rows * charactersPerRow) / (now - before)) * 1_000;
      before = now;
      if (!isGood) {
        await this.#goBack();
        continue;
      }
      speed = remember(speed, rate);
      if (onProgress && now - toldAt >= PROGRESS_EVERY_MS) {
        toldAt = now;
        onProgress(this.#report(speed));
      }
      const logEvery = Math.ceil(this.#streams.chunks / LOGS_PER_EPOCH);
      if (this.#progress.chunk % logEvery === 0) await onLog?.(this.#report(speed));
      if (this.#progress.chunk < this.#streams.chunks && now - savedAt >= saveEveryMs) {
        await this.save();
        savedAt = this.#clock();
      }
      // Yields to timers and signals: on WASM nothing above is asynchronous.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }

  /** The score of the weights on the validation text; undefined when the signal aborted it. */
  validate(signal?: AbortSignal): Promise<Score | undefined> {
    const { architecture, steps } = this.#progress.settings;
    const windows = architecture.bidirectional ? { steps } : {};
    return validate(this.network, this.weights, this.#options.corpus, { ...windows, signal });
  }

  /** Writes a checkpoint. */
  save(): Promise<void> {
    return this.#checkpoints.save(this.#progress, this.#tensors);
  }

  /** The current weights as a model. */
  toModel(metadata: Model['metadata']): Promise<Model> {
    const { vocabulary } = this.#options.corpus;
    return toModel(this.network, this.weights, {
      vocabulary,
      metadata,
      steps: this.#progress.settings.steps,
    });
  }

  dispose(): void {
    disposeOf(this.#tensors);
  }

  /** Adds the time since then to the run's. @returns the current time */
  #spend(since: number): number {
    const now = this.#clock();
    this.#progress = { ...this.#progress, milliseconds: this.#progress.milliseconds + now - since };
    return now;
  }

  get #pace(): Pace {
    return {
      chunks: this.#streams.chunks,
      rows: this.#progress.settings.steps * phaseOf(this.#progress).streams,
      charactersPerRow: this.#options.corpus.charactersPerId.train,
    };
  }

  /** Takes one step; returns false and discards the result when the loss is not finite or exploded. */
  async #learn(batch: TrainingBatch): Promise<boolean> {
    const { settings, epoch, chunk, phaseSteps, usual } = this.#progress;
    const { next, ...figures } = await takeStep(this.network, this.#tensors, batch, {
      optimizer: { name: phaseOf(this.#progress).optimizer, learningRate: learningRateOf(this.#progress) },
      clip: settings.clip,
      step: phaseSteps + 1,
      dropoutSeed: settings.seed + DROPOUT_SEEDS * (epoch * this.#streams.chunks + chunk + 1),
    });
    const isTooMuch = figures.nats > (usual ?? Number.POSITIVE_INFINITY) + EXPLOSION;
    if (!Number.isFinite(figures.nats) || !Number.isFinite(figures.norm) || isTooMuch) {
      disposeOf(next);
      return false;
    }
    this.dispose();
    this.#tensors = next;
    this.#progress = afterChunk(this.#progress, this.#pace, figures);
    return true;
  }

  /** Returns to the last checkpoint with half the rate. */
  async #goBack(): Promise<void> {
    const { onNews = () => {} } = this.#options;
    const { setbacks, milliseconds } = this.#progress;
    const rateScale = this.#progress.rateScale / 2;
    if (setbacks >= SETBACKS_MAX) {
      throw new StoryError(
        'bad_request',
        `The loss has exploded ${setbacks + 1} times, the last time at ${2 * rateScale} of the learning rate. Begin anew ` +
          'with a smaller one, or with a smaller --clip; the last good checkpoint is kept.',
      );
    }
    const { name, progress, restore } = await this.#checkpoints.last();
    this.dispose();
    this.#progress = { ...progress, rateScale, setbacks: setbacks + 1, milliseconds };
    this.#tensors = restore();
    this.#streams = trainingStreams(this.#options.corpus, progress);
    // Saved immediately: if the machine disappears before the next checkpoint, the lower rate must not be
    // lost.
    await this.save();
    onNews(`The loss exploded: back to ${name} with ${rateScale} of the learning rate.`);
  }

  async #endEpoch(valid: Score): Promise<void> {
    const ended = this.#progress;
    const { optimizer, streams } = phaseOf(this.#progress);
    const report = {
      ...{ epoch: ended.epoch, train: scoreOf(ended, this.#pace), valid, streams, optimizer },
      ...{ learningRate: learningRateOf(this.#progress), characters: ended.characters },
      seconds: ended.milliseconds / 1_000,
    };
    this.#progress = afterEpoch(ended, valid);
    this.#changePhase();
    await this.save();
    await this.#options.onEpoch?.({ ...report, isBest: this.#progress.best!.epoch === ended.epoch }, this);
  }

  /** Enters the schedule's next phase when it is due. */
  #changePhase(): void {
    const { onNews = () => {} } = this.#options;
    const { settings, epoch, fruitless } = this.#progress;
    const before = phaseOf(this.#progress);
    const phase = nextPhase(settings.schedule, this.#progress.phase, epoch, fruitless);
    if (phase === this.#progress.phase) return;
    this.#progress = { ...this.#progress, phase, phaseSteps: 0, fruitless: 0 };
    const { optimizer, learningRate, streams } = phaseOf(this.#progress);
    // Another optimizer starts with empty slots, and another number of streams reads from other positions.
    tf.dispose([...this.#tensors.slots.values()]);
    this.#tensors = { ...this.#tensors, slots: new Map() };
    this.#streams = trainingStreams(this.#options.corpus, this.#progress);
    if (streams !== before.streams) {
      tf.dispose(this.#tensors.states as never);
      this.#tensors = { ...this.#tensors, states: this.network.freshStates(streams) };
    }
    onNews(`From epoch ${epoch + 1} on: ${optimizer} at ${learningRate}, ${streams} streams.`);
  }

  #report(charactersPerSecond: number): Report {
    return reportOf(this.#progress, this.#pace, learningRateOf(this.#progress), charactersPerSecond);
  }
}
