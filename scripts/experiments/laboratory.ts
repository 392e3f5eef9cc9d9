/** The parts that all experiments share: the text, the sizes, and a network that is trained in a folder. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import type { Model } from '../../src/generator/model/model.ts';
import { writerOf } from '../../src/generator/model/writer.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { plot, type Series } from '../../src/workshop/plot.ts';
import { type Corpus, corpusOf, vocabularyOf } from '../../src/workshop/training/corpus.ts';
import type { Architecture } from '../../src/workshop/training/network.ts';
import type { Score, TrainingSettings } from '../../src/workshop/training/progress.ts';
import { RunFiles } from '../../src/workshop/training/run-files.ts';
import { parseSchedule } from '../../src/workshop/training/schedule.ts';
import { Trainer, type TrainerOptions } from '../../src/workshop/training/trainer.ts';

/** One layer; only the compared property differs. */
export const UNITS = 128;
export const EMBEDDING = 32;
export const STREAMS = 16;
export const STEPS = 50;
export const EPOCHS = 3;
const VALID_CHARACTERS = 60_000;
export const PROMPT = 'The captain';
const SAMPLE_LENGTH = 300;
const SAMPLE_SEED = 7;

/** A network of the experiments; omitted settings are the same as in the others. */
interface Experiment {
  readonly name: string;
  readonly architecture?: Partial<Architecture>;
  readonly schedule?: string;
  readonly streams?: number;
  /** The text's characters by default. */
  readonly corpus?: Corpus;
}

export interface Learned {
  readonly name: string;
  readonly model: Model;
  /** Over the last epoch. */
  readonly train: Score;
  /** As the trainer validates. */
  readonly valid: Score;
  /** Duration of the run. */
  readonly milliseconds: number;
  /** Thousands of characters read so far, and bits per character of the latest ones. */
  readonly curve: readonly (readonly [number, number])[];
}

export class Laboratory {
  /** The text that every network is trained on `EPOCHS` times, and the text that no network is trained on. */
  readonly train: string;
  readonly valid: string;
  readonly characters: Corpus;
  readonly #runs: string;
  readonly #out: string;

  /**
   * @param texts of `train.txt` and `valid.txt`
   * @param characters that each network reads in all
   * @param runs folder of the training runs
   * @param out folder of the plots
   */
  constructor(texts: readonly [string, string], characters: number, runs: string, out: string) {
    this.train = texts[0].slice(0, Math.floor(characters / EPOCHS));
    this.valid = texts[1].slice(0, VALID_CHARACTERS);
    // From the whole text, so that a rare character of the slice is not left out.
    this.characters = corpusOf(vocabularyOf(texts[0]), this.train, this.valid);
    this.#runs = runs;
    this.#out = out;
  }

  static async open(data: string, characters: number, runs: string, out: string): Promise<Laboratory> {
    const texts = await Promise.all(
      ['train.txt', 'valid.txt'].map((file) => readFile(join(data, file), 'utf8')),
    );
    await mkdir(out, { recursive: true });
    return new Laboratory([texts[0]!, texts[1]!], characters, runs, out);
  }

  /** Trains a network, or continues an interrupted run; a completed one is not trained again. */
  async learn(experiment: Experiment): Promise<Learned> {
    const { name, architecture, schedule = 'adam@0.004', streams = STREAMS, corpus } = experiment;
    const folder = join(this.#runs, name.toLowerCase().replace(/[^a-z0-9.]+/g, '-'));
    const settings: TrainingSettings = {
      architecture: { cell: 'lstm', units: [UNITS], embedding: EMBEDDING, dropout: 0, ...architecture },
      schedule: parseSchedule(schedule.replace(/(?=,|$)/, `x${streams}`)),
      ...{ steps: STEPS, clip: 1, epochs: EPOCHS, seed: 1 },
    };
    await mkdir(folder, { recursive: true });
    const files = new RunFiles(folder);
    const options: TrainerOptions = {
      folder,
      corpus: corpus ?? this.characters,
      saveEveryMs: 60_000,
      onLog: (report) => files.logReport(report, trainer.progress.milliseconds / 1_000),
      onEpoch: (report) => files.logEpoch(report),
    };
    const trainer: Trainer = existsSync(join(folder, 'checkpoints'))
      ? await Trainer.continue(options)
      : await Trainer.begin(settings, options);
    await files.open(trainer.progress.characters);
    await trainer.run();
    const model = await trainer.toModel({});
    const { valid, milliseconds } = trainer.progress;
    trainer.dispose();
    const last = files.rows.findLast(({ epoch_train_bits }) => epoch_train_bits !== undefined)!;
    const learned: Learned = {
      ...{ name, model, valid: valid!, milliseconds },
      train: { bitsPerCharacter: last.epoch_train_bits!, accuracy: last.epoch_train_accuracy! },
      curve: files.rows
        .filter(({ train_bits }) => train_bits !== undefined)
        .map(({ characters, train_bits }) => [characters! / 1_000, train_bits!]),
    };
    console.error(`${name}: ${rowOf(learned).slice(1).join(', ')}`);
    return learned;
  }

  /** Output of a model, as quoted Markdown. */
  async sample(model: Model, temperature: number): Promise<string> {
    const engine = await createOnnxEngine(writerOf(model), { capacity: 1, threads: 1 });
    const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
    const story = await storyteller.tell({
      ...{ prompt: PROMPT, context: '', model: model.name },
      ...{ temperature, length: SAMPLE_LENGTH, seed: SAMPLE_SEED },
    });
    await storyteller.close();
    return quoted(story.text);
  }

  async plot(
    file: string,
    title: string,
    xLabel: string,
    yLabel: string,
    series: readonly Series[],
  ): Promise<void> {
    await writeFile(
      join(this.#out, file),
      plot({ title, xLabel, yLabel, series: [...series], scale: 'linear' }),
    );
  }

  /** Bits per character during training. */
  async plotCurves(file: string, title: string, learned: readonly Learned[]): Promise<void> {
    const series = learned.map(({ name, curve }) => ({ name, points: curve }));
    await this.plot(file, title, 'thousand characters', 'bits per character, training', series);
  }
}

export const COLUMNS = ['network', 'training, bits', 'right', 'validation, bits', 'right'];

/** A row of a table with `COLUMNS`. */
export function rowOf({ name, train, valid }: Learned): string[] {
  return [
    name,
    train.bitsPerCharacter.toFixed(3),
    percent(train.accuracy),
    valid.bitsPerCharacter.toFixed(3),
    percent(valid.accuracy),
  ];
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

export function quoted(text: string): string {
  return `> ${text.trim().replace(/\s*\n\s*/g, ' / ')}`;
}
