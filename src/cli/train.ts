import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { TensorflowBackend } from '../generator/engines/tensorflow/backend.ts';
import { LEXICON_FILE, Lexicon } from '../generator/lexicon.ts';
import { loadModel, saveModel } from '../generator/model/files.ts';
import type { Model } from '../generator/model/model.ts';
import { writerOf } from '../generator/model/writer.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { Vocabulary } from '../generator/vocabulary.ts';
import { makeFolder } from '../make-folder.ts';
import { ownCommand } from '../terminal.ts';
import type { Corpus } from '../workshop/training/corpus.ts';
import type { EpochReport, Report, TrainingSettings } from '../workshop/training/progress.ts';
import type { Trainer, TrainerOptions } from '../workshop/training/trainer.ts';
import { clearProgress, printLine, showProgress } from './console.ts';
import { INTERRUPTED_EXIT_CODE } from './explain.ts';
import {
  addTrainOptions,
  EPOCHS,
  layersOf,
  SAMPLE_PROMPT,
  SAVE_EVERY_MINUTES,
  type TrainOptions,
} from './train-options.ts';

const TRAINING_FILE = 'train.txt';
const VALIDATION_FILE = 'valid.txt';
const BAR_WIDTH = 24;
/** Folder of the best model, within the run's. */
const MODEL_FOLDER = 'model';
const SAMPLE = { temperature: 0.4, length: 400, seed: 7 } as const;

/** The warning for a bidirectional network, whose validation figures are too good. */
function bidirectionalWarning(data: string, out: string): string {
  const evaluation = ownCommand(['evaluate', join(out, 'model'), join(data, VALIDATION_FILE)]);
  return (
    'A bidirectional network sees the characters that it has to predict, so its figures in training are too good. Measure it ' +
    `after training with: ${evaluation}`
  );
}

/** `train`: trains a network. */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a network on a folder that holds train.txt and valid.txt')
    .argument('<data>', 'the folder; works in its texts each begin with U+0003');
  addTrainOptions(command).action(train);
}

async function train(data: string, options: TrainOptions): Promise<void> {
  // Loaded here: the other commands do not need TensorFlow.js.
  const [{ openTrainingBackend }, { Trainer }, { RunCheckpoints }, { RunFiles }] = await Promise.all([
    import('../workshop/training/backend.ts'),
    import('../workshop/training/trainer.ts'),
    import('../workshop/training/run-checkpoints.ts'),
    import('../workshop/training/run-files.ts'),
  ]);
  const from = options.from === undefined ? undefined : await loadModel(options.from);
  const settings = await settingsOf(options, from);
  const { backend, line } = await openTrainingBackend(readConfig(process.env).engine);
  tell(line);
  if (settings.architecture.bidirectional) tell(bidirectionalWarning(data, options.out));
  const earlier = options.continue ? await new RunCheckpoints(options.out).last() : undefined;
  const corpus = await read(
    data,
    options,
    earlier ? new Vocabulary(earlier.progress.vocabulary) : from?.vocabulary,
  );
  const lexicon = await lexiconFor(data, options, corpus, from);
  const interruptions = listenForInterruptions();
  await makeFolder(options.out);
  const files = new RunFiles(options.out);
  const trainerOptions: TrainerOptions = {
    folder: options.out,
    corpus,
    saveEveryMs: options.saveEvery * 60_000,
    onNews: tell,
    onProgress: (report) => showProgress(barOf(report)),
    onLog: (report) => files.logReport(report, trainer.progress.milliseconds / 1_000),
    onEpoch: async (report, current) => {
      tell(epochLine(report));
      await files.logEpoch(report);
      await files.draw();
      const model = { ...(await modelOf(report, current)), ...(lexicon && { lexicon }) };
      if (report.isBest) await saveModel(join(options.out, MODEL_FOLDER), model, { dtype: 'float16' });
      const { epoch, valid } = report;
      const heading = `Epoch ${epoch + 1}, ${valid.bitsPerCharacter.toFixed(4)} bits per character`;
      await files.sample(heading, await sampleOf(model, backend, options.prompt));
    },
  };
  const trainer = earlier
    ? await Trainer.continue(trainerOptions, options.epochs)
    : await Trainer.begin(settings, trainerOptions, from);
  await files.open(trainer.progress.characters);
  const isDone = await trainer.run(interruptions.signal);
  clearProgress();
  await files.draw();
  const { best } = trainer.progress;
  if (!isDone) {
    tell(`Interrupted and saved. Continue with: ${ownCommand(continuation(data, options))}`);
    process.exitCode = INTERRUPTED_EXIT_CODE;
  }
  if (isDone && best)
    tell(`Best: epoch ${best.epoch + 1}, ${best.bitsPerCharacter.toFixed(4)} bits per character.`);
  trainer.dispose();
  await backend.close();
  // An interrupted process exits now, and a second Ctrl-C must not change its exit code.
  if (isDone) interruptions.ignore();
}

/** The settings of a run; with `from`, the model whose weights training starts from. */
async function settingsOf(options: TrainOptions, from: Model | undefined): Promise<TrainingSettings> {
  const [{ parseSchedule }, { architectureOf }] = await Promise.all([
    import('../workshop/training/schedule.ts'),
    import('../workshop/training/trained-model.ts'),
  ]);
  const { cell, embedding, dropout, bidirectional = false, batchNormalization = false, residual } = options;
  return {
    architecture: from
      ? architectureOf(from, dropout)
      : {
          ...{ cell, units: layersOf(options), embedding, dropout, bidirectional, batchNormalization },
          ...(residual ? { residual } : {}),
        },
    schedule: parseSchedule(options.optimizer ?? options.schedule),
    steps: from?.reading.kind === 'window' ? from.reading.characters : options.steps,
    clip: options.clip,
    epochs: options.epochs ?? EPOCHS,
    seed: options.seed,
    ...(from ? { from: `${from.name} ${from.version}` } : {}),
  };
}

/** The command-line words that continue a run: the checkpoint keeps the other settings. */
function continuation(data: string, { out, saveEvery, prompt }: TrainOptions): string[] {
  return [
    ...['train', data, '--out', out, '--continue'],
    ...(saveEvery === SAVE_EVERY_MINUTES ? [] : ['--save-every', String(saveEvery)]),
    ...(prompt === SAMPLE_PROMPT ? [] : ['--prompt', prompt]),
  ];
}

/** Reads the texts and reports facts about them. */
async function read(data: string, options: TrainOptions, known: Vocabulary | undefined): Promise<Corpus> {
  const { readCorpus, vocabularyOf, wordVocabularyOf } = await import('../workshop/training/corpus.ts');
  const corpus = await readCorpus(
    data,
    (text) => known ?? (options.unit === 'word' ? wordVocabularyOf(text, options.words) : vocabularyOf(text)),
  );
  const { vocabulary, train, valid, skipped, charactersPerId } = corpus;
  const kind = vocabulary.unit === 'word' ? 'words' : 'characters';
  const all = train.length * charactersPerId.train + valid.length * charactersPerId.valid;
  const rare =
    kind === 'words'
      ? `; ${percent(skipped / all)} of the text is in other words`
      : `; ${skipped} rare ones left out`;
  tell(
    `${data}: ${train.length} ${kind} for training, ${valid.length} for validation, ${vocabulary.size} different ` +
      `ones${skipped > 0 ? rare : ''}`,
  );
  return corpus;
}

/**
 * The words of the training text, and of the model that training started from; undefined for a network of
 * words, whose vocabulary is its lexicon.
 */
async function lexiconFor(
  data: string,
  { out }: TrainOptions,
  { vocabulary }: Corpus,
  from: Model | undefined,
): Promise<Lexicon | undefined> {
  if (vocabulary.unit === 'word') return undefined;
  const { lexiconOf } = await import('../workshop/corpus/lexicon.ts');
  const text = await readFile(join(data, TRAINING_FILE), 'utf8');
  // A run that is continued keeps the words of the model that it started from.
  const earlier = await readFile(join(out, MODEL_FOLDER, LEXICON_FILE)).catch(() => undefined);
  return lexiconOf([text], from?.lexicon ?? (earlier && new Lexicon(earlier)));
}

/**
 * A signal for the trainer, which saves when it is aborted; repeated presses of Ctrl-C have no further
 * effect.
 */
function listenForInterruptions(): { readonly signal: AbortSignal; ignore(): void } {
  const interrupted = new AbortController();
  const interrupt = () => {
    tell(interrupted.signal.aborted ? 'Still saving; wait for it to finish.' : 'Saving ...');
    interrupted.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: interrupted.signal,
    ignore: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}

function modelOf({ characters, seconds, valid }: EpochReport, trainer: Trainer): Promise<Model> {
  const training = { ...trainer.progress.settings, characters, seconds };
  return trainer.toModel({ training, validation: valid });
}

/** A sample of the present network, generated with the engine that serves. */
async function sampleOf(model: Model, backend: TensorflowBackend, prompt: string): Promise<string> {
  const { createTensorflowEngine } = await import('../generator/engines/tensorflow/engine.ts');
  const engine = await createTensorflowEngine(writerOf(model), backend, { capacity: 1 });
  const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
  const story = await storyteller.tell({ ...SAMPLE, prompt, context: '', model: model.name });
  await storyteller.close();
  return story.text;
}

/** Prints a permanent line above the progress bar. */
function tell(line: string): void {
  clearProgress();
  printLine(line);
}

/** An epoch's progress, loss, accuracy and speed, and the remaining time of the run. */
export function barOf(report: Report): string {
  const { epoch, epochs, chunk, chunks, train, charactersPerSecond, secondsLeft } = report;
  const done = Math.round((chunk / chunks) * BAR_WIDTH);
  return (
    `[${'='.repeat(done)}${' '.repeat(BAR_WIDTH - done)}] ${epoch + 1}/${epochs}  ` +
    `${train.bitsPerCharacter.toFixed(3)} bits  ${percent(train.accuracy)}  ` +
    `${Math.round(charactersPerSecond).toLocaleString('en')} ch/s  ${duration(secondsLeft)} left`
  );
}

export function epochLine({ epoch, train, valid, isBest, seconds }: EpochReport): string {
  return (
    `epoch ${epoch + 1}: ${train.bitsPerCharacter.toFixed(4)} bits per character (${percent(train.accuracy)}), ` +
    `validation ${valid.bitsPerCharacter.toFixed(4)} (${percent(valid.accuracy)})${isBest ? ', the best' : ''}, ` +
    `${Math.round(seconds)} s`
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
