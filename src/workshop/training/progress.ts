/** The settings of a run, its progress, and its reports. */
import type { VocabularyFile } from '../../generator/vocabulary.ts';
import type { Architecture } from './network.ts';
import type { Phase } from './schedule.ts';

/** The settings of a run; only `epochs` may change when the run is continued. */
export interface TrainingSettings {
  readonly architecture: Architecture;
  readonly schedule: readonly Phase[];
  /** Number of steps that gradients are propagated back through. */
  readonly steps: number;
  /** Maximum norm of the gradient; 0 for no clipping. */
  readonly clip: number;
  readonly epochs: number;
  readonly seed: number;
  /** Name and version of the model whose weights it began with, if any; for the model card. */
  readonly from?: string;
}

/** The mean over a text. */
export interface Score {
  readonly bitsPerCharacter: number;
  /** Share of the predicted characters (or words) whose target was the most likely one. */
  readonly accuracy: number;
}

/** The progress of a run. */
export interface Progress {
  readonly settings: TrainingSettings;
  readonly vocabulary: VocabularyFile;
  /** The current epoch, from 0, and how many of its chunks are done. */
  readonly epoch: number;
  readonly chunk: number;
  /** Index of the phase, and number of steps of its optimizer. */
  readonly phase: number;
  readonly phaseSteps: number;
  /** Characters trained on since the beginning. */
  readonly characters: number;
  /** Factor of the learning rates: halved at every setback. */
  readonly rateScale: number;
  readonly setbacks: number;
  /** Running mean of the loss, in nats; undefined before the first. */
  readonly usual: number | undefined;
  /** Running mean of the accuracy; undefined before the first, and in checkpoints of earlier versions. */
  readonly usualAccuracy?: number | undefined;
  /** Sums over the current epoch. */
  readonly nats: number;
  readonly right: number;
  readonly best: (Score & { readonly epoch: number }) | undefined;
  /** Epochs since the best one. */
  readonly fruitless: number;
  /** The last validation score. */
  readonly valid: Score | undefined;
  /** Milliseconds of the whole run so far. */
  readonly milliseconds: number;
}

/** A report after some chunks. */
export interface Report {
  readonly epoch: number;
  readonly epochs: number;
  readonly chunk: number;
  readonly chunks: number;
  /** The mean over the epoch so far. */
  readonly train: Score;
  /** A running mean over about the last twenty chunks, across epochs. */
  readonly recent: Score;
  readonly characters: number;
  readonly learningRate: number;
  readonly charactersPerSecond: number;
  /** Estimated for the whole run at that speed, without validation. */
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

/** How much text a chunk has, and how many chunks an epoch has. */
export interface Pace {
  readonly chunks: number;
  /** Rows of a chunk: its steps times its streams. */
  readonly rows: number;
  /** Mean number of characters per row. */
  readonly charactersPerRow: number;
}

/** Weight of a new loss in the running mean. */
const MEMORY = 0.05;

/** The progress of a new run. */
export function beginningOf(settings: TrainingSettings, vocabulary: VocabularyFile): Progress {
  return {
    settings,
    vocabulary,
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
  };
}

/** The schedule's current phase. */
export function phaseOf({ settings, phase }: Progress): Phase {
  return settings.schedule[phase]!;
}

/** The current learning rate. */
export function learningRateOf(progress: Progress): number {
  return phaseOf(progress).learningRate * progress.rateScale;
}

/**
 * The progress after one more chunk: `nats` is the mean over its rows, `right` the number of correctly
 * predicted rows.
 */
export function afterChunk(
  before: Progress,
  { rows, charactersPerRow }: Pace,
  { nats, right }: { readonly nats: number; readonly right: number },
): Progress {
  return {
    ...before,
    chunk: before.chunk + 1,
    phaseSteps: before.phaseSteps + 1,
    characters: before.characters + Math.round(rows * charactersPerRow),
    nats: before.nats + nats,
    right: before.right + right,
    usual: remember(before.usual, nats),
    usualAccuracy: remember(before.usualAccuracy, right / rows),
  };
}

/** The progress after the last chunk and its validation, before the next epoch's first chunk. */
export function afterEpoch(before: Progress, valid: Score): Progress {
  const isBest = before.best === undefined || valid.bitsPerCharacter < before.best.bitsPerCharacter;
  return {
    ...before,
    epoch: before.epoch + 1,
    chunk: 0,
    nats: 0,
    right: 0,
    best: isBest ? { ...valid, epoch: before.epoch } : before.best,
    fruitless: isBest ? 0 : before.fruitless + 1,
    valid,
  };
}

/** The mean over the current epoch. */
export function scoreOf({ nats, right, chunk }: Progress, { rows, charactersPerRow }: Pace): Score {
  return {
    bitsPerCharacter: nats / chunk / Math.LN2 / charactersPerRow,
    accuracy: right / (chunk * rows),
  };
}

/** @param learningRate the phase's current rate */
export function reportOf(
  progress: Progress,
  pace: Pace,
  learningRate: number,
  charactersPerSecond: number,
): Report {
  const { epoch, chunk, settings, characters, usual = Number.NaN, usualAccuracy = Number.NaN } = progress;
  const { chunks, rows, charactersPerRow } = pace;
  const chunksLeft = (settings.epochs - epoch) * chunks - chunk;
  return {
    ...{ epoch, epochs: settings.epochs, chunk, chunks, characters, charactersPerSecond, learningRate },
    recent: { bitsPerCharacter: usual / Math.LN2 / charactersPerRow, accuracy: usualAccuracy },
    train: scoreOf(progress, pace),
    secondsLeft: (chunksLeft * rows * charactersPerRow) / charactersPerSecond,
  };
}

/** An exponential running mean. */
export function remember(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + MEMORY * (value - mean);
}
