import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { TensorflowBackend } from '../generator/engines/tensorflow/backend.ts';
import { loadModel, saveModel } from '../generator/model/files.ts';
import type { Model } from '../generator/model/model.ts';
import { writerOf } from '../generator/model/writer.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { Vocabulary } from '../generator/vocabulary.ts';
import { ownCommand } from '../own-command.ts';
import type { Corpus } from '../workshop/training/corpus.ts';
import type { EpochReport } from '../workshop/training/progress.ts';
import type { Trainer, TrainerOptions } from '../workshop/training/trainer.ts';
import { clearProgress } from './console.ts';
import { INTERRUPTED_EXIT_CODE } from './exit-codes.ts';
import { addTrainOptions, SAMPLE_PROMPT, SAVE_EVERY_MINUTES, type TrainOptions } from './train-options.ts';
import { drawBar, epochLine, percent, tell } from './train-screen.ts';

const VALIDATION_FILE = 'valid.txt';
const SAMPLE = { temperature: 0.4, length: 400, seed: 7 } as const;

/** The warning for a bidirectional network, whose validation figures are too good. */
function bidirectionalWarning(data: string, out: string): string {
  const evaluation = ownCommand(['evaluate', join(out, 'model'), join(data, VALIDATION_FILE)]);
  return (
    'It reads both ways: in training it sees the answers that it is asked for, so that its figures say nothing of how it ' +
    `writes. When it is trained, this tells: ${evaluation}`
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
  const [{ settingsOf }, { openTrainingBackend }, { Trainer }, { RunCheckpoints }, { RunFiles }] =
    await Promise.all([
      import('./train-settings.ts'),
      import('../workshop/training/backend.ts'),
      import('../workshop/training/trainer.ts'),
      import('../workshop/training/run-checkpoints.ts'),
      import('../workshop/training/run-files.ts'),
    ]);
  const from = options.from === undefined ? undefined : await loadModel(options.from);
  const settings = settingsOf(options, from);
  const { backend, line } = await openTrainingBackend(readConfig(process.env).engine);
  tell(line);
  if (settings.architecture.bidirectional) tell(bidirectionalWarning(data, options.out));
  const earlier = options.continue ? await new RunCheckpoints(options.out).last() : undefined;
  const corpus = await read(
    data,
    options,
    earlier ? new Vocabulary(earlier.progress.vocabulary) : from?.vocabulary,
  );
  const interruptions = listenForInterruptions();
  await mkdir(options.out, { recursive: true });
  const files = new RunFiles(options.out);
  const trainerOptions: TrainerOptions = {
    folder: options.out,
    corpus,
    saveEveryMs: options.saveEvery * 60_000,
    onNews: tell,
    onProgress: drawBar,
    onLog: (report) => files.logReport(report, trainer.progress.milliseconds / 1_000),
    onEpoch: async (report, current) => {
      tell(epochLine(report));
      await files.logEpoch(report);
      await files.draw();
      const model = await modelOf(report, current);
      if (report.isBest) await saveModel(join(options.out, 'model'), model, { dtype: 'float16' });
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
    tell(`Interrupted and saved. Go on with: ${ownCommand(continuation(data, options))}`);
    process.exitCode = INTERRUPTED_EXIT_CODE;
  }
  if (isDone && best)
    tell(`Best: epoch ${best.epoch + 1}, ${best.bitsPerCharacter.toFixed(4)} bits per character.`);
  trainer.dispose();
  await backend.close();
  // An interrupted process exits now, and a second Ctrl-C must not change its exit code.
  if (isDone) interruptions.ignore();
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
      ? `; ${percent(skipped / all)} of the text is in words that are not among them`
      : `; ${skipped} rare ones left out`;
  tell(
    `${data}: ${train.length} ${kind} to learn from, ${valid.length} to validate with, ${vocabulary.size} different ` +
      `ones${skipped > 0 ? rare : ''}`,
  );
  return corpus;
}

/**
 * A signal for the trainer, which saves when it is aborted; repeated presses of Ctrl-C have no further
 * effect.
 */
function listenForInterruptions(): { readonly signal: AbortSignal; ignore(): void } {
  const interrupted = new AbortController();
  const interrupt = () => {
    tell(interrupted.signal.aborted ? 'Still at it: nothing is lost if you wait.' : 'Saving ...');
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
