import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { loadModel, saveModel } from '../generator/model/files.ts';
import { Storyteller } from '../generator/storyteller.ts';
import type { EpochReport, Report, TrainingSettings } from '../generator/training/progress.ts';
import type { Trainer } from '../generator/training/trainer.ts';
import { numberOption } from './options.ts';

interface TrainOptions {
  readonly out: string;
  readonly continue?: boolean;
  readonly from?: string;
  readonly cell: 'lstm' | 'gru';
  readonly units: readonly number[];
  readonly embedding: number;
  readonly dropout: number;
  readonly schedule: string;
  readonly steps: number;
  readonly clip: number;
  readonly epochs?: number;
  readonly seed: number;
  readonly saveEvery: number;
  readonly prompt: string;
}

const EPOCHS = 10;
const SAMPLE = { temperature: 0.4, length: 400, seed: 7 } as const;

/** `train`: a network of one's own. */
export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a character network on a folder that holds train.txt and valid.txt')
    .argument('<data>', 'the folder; works in its texts each begin with U+0003')
    .requiredOption('--out <folder>', 'where the run is kept, such as runs/melville')
    .option('--continue', 'go on with the run in that folder, exactly where its last checkpoint stands')
    .addOption(
      new Option(
        '--from <model>',
        'learn on from the weights of a model, such as models/scifi, with its layers and characters',
      ).conflicts(['continue', 'cell', 'units', 'embedding']),
    )
    .option('--cell <name>', 'lstm or gru', cellOption, 'lstm')
    .option('--units <list>', 'units of each layer, such as 256,256', listOption, [256])
    .option('--embedding <columns>', 'columns of the embedding', numberOption, 32)
    .option('--dropout <share>', 'share of each layer’s outputs left out in training', numberOption, 0)
    .option(
      '--schedule <phases>',
      'optimizer, rate and streams, and when they change: adadelta@1x32,20:sgd@0.01x64,plateau3:sgd@0.001',
      'adam@0.002x32',
    )
    .option('--steps <count>', 'steps through which gradients go back', numberOption, 64)
    .option('--clip <norm>', 'norm that the gradient is cut to; 0 for never', numberOption, 1)
    .option('--epochs <count>', `passes over the text (${EPOCHS})`, numberOption)
    .option('--seed <number>', 'the same seed is the same run', numberOption, 1)
    .option('--save-every <minutes>', 'a checkpoint at least this often', numberOption, 10)
    .option('--prompt <text>', 'how the sample of each epoch begins', 'It all began with')
    .action(train);
}

async function train(data: string, options: TrainOptions): Promise<void> {
  const [
    { openTrainingBackend },
    { readCorpus },
    { Trainer },
    { parseSchedule },
    { RunFiles },
    { architectureOf },
  ] = await Promise.all([
    import('../generator/training/backend.ts'),
    import('../generator/training/corpus.ts'),
    import('../generator/training/trainer.ts'),
    import('../generator/training/schedule.ts'),
    import('../generator/training/run-files.ts'),
    import('../generator/training/trained-model.ts'),
  ]);
  const { cell, units, embedding, dropout } = options;
  const from = options.from === undefined ? undefined : await loadModel(options.from);
  const settings: TrainingSettings = {
    architecture: from ? architectureOf(from, dropout) : { cell, units, embedding, dropout },
    schedule: parseSchedule(options.schedule),
    steps: options.steps,
    clip: options.clip,
    epochs: options.epochs ?? EPOCHS,
    seed: options.seed,
    ...(from ? { from: `${from.name} ${from.version}` } : {}),
  };
  check(settings);
  const { backend, line } = await openTrainingBackend(readConfig(process.env).engine);
  tell(line);
  const earlier = options.continue ? await Trainer.find(options.out) : undefined;
  const corpus = await readCorpus(data, earlier?.vocabulary ?? from?.vocabulary);
  tell(
    `${data}: ${corpus.train.length} characters to learn from, ${corpus.valid.length} to validate with, ` +
      `${corpus.vocabulary.size} different ones` +
      (corpus.skipped > 0 ? `; ${corpus.skipped} rare ones left out` : ''),
  );
  await mkdir(options.out, { recursive: true });
  const files = new RunFiles(options.out);
  const log = async ({
    epoch,
    chunk,
    chunks,
    characters,
    learningRate,
    recentBits,
    train: { accuracy },
  }: Report) =>
    files.log({
      epoch: epoch + chunk / chunks,
      characters,
      seconds: trainer.progress.milliseconds / 1_000,
      learning_rate: learningRate,
      train_bits: recentBits,
      train_accuracy: accuracy,
    });
  const trainerOptions = {
    folder: options.out,
    corpus,
    saveEveryMs: options.saveEvery * 60_000,
    onNews: tell,
    onProgress: (report: Report) => bar(report),
    onLog: log,
    onEpoch: async (report: EpochReport, current: Trainer) => {
      clear();
      const { epoch, train: trained, valid, isBest, seconds, characters, learningRate } = report;
      tell(
        `epoch ${epoch + 1}: ${trained.bitsPerCharacter.toFixed(4)} bits per character (${percent(trained.accuracy)}), ` +
          `validation ${valid.bitsPerCharacter.toFixed(4)} (${percent(valid.accuracy)})${isBest ? ', the best' : ''}, ` +
          `${Math.round(seconds)} s`,
      );
      await files.log({
        ...{ epoch: epoch + 1, characters, seconds, learning_rate: learningRate },
        train_bits: trained.bitsPerCharacter,
        train_accuracy: trained.accuracy,
        valid_bits: valid.bitsPerCharacter,
        valid_accuracy: valid.accuracy,
      });
      await files.draw();
      const training = { ...current.progress.settings, characters, seconds };
      const metadata = { training, validation: valid };
      const model = await current.toModel(metadata);
      if (isBest) await saveModel(join(options.out, 'model'), model, { dtype: 'float16' });
      const { createTensorflowEngine } = await import('../generator/engines/tensorflow/engine.ts');
      const engine = await createTensorflowEngine(model, backend, { capacity: 1 });
      const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
      const story = await storyteller.tell({
        ...SAMPLE,
        prompt: options.prompt,
        context: '',
        model: model.name,
      });
      await storyteller.close();
      await files.sample(
        `Epoch ${epoch + 1}, ${valid.bitsPerCharacter.toFixed(4)} bits per character`,
        story.text,
      );
    },
  };
  const trainer: Trainer = earlier
    ? await Trainer.continue(trainerOptions, options.epochs)
    : await Trainer.begin(settings, trainerOptions, from);
  await files.open(trainer.progress.characters);
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(1);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const isDone = await trainer.run(interrupted.signal);
  clear();
  await files.draw();
  const { best } = trainer.progress;
  if (!isDone) tell(`Interrupted and saved. Go on with: scifi train ${data} --out ${options.out} --continue`);
  else if (best)
    tell(`Best: epoch ${best.epoch + 1}, ${best.bitsPerCharacter.toFixed(4)} bits per character.`);
  trainer.dispose();
  await backend.close();
}

/** @throws StoryError `bad_request` that names the option */
function check({ architecture, steps, clip, epochs, seed }: TrainingSettings): void {
  const { units, embedding, dropout } = architecture;
  const whole = (name: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    throw new StoryError(
      'bad_request',
      `--${name} is a whole number from ${least} to ${most}, not ${value}.`,
    );
  };
  for (const size of units) whole('units', size, 1, 16_384);
  whole('embedding', embedding, 1, 16_384);
  whole('steps', steps, 1, 4_096);
  whole('epochs', epochs, 1, 1_000_000);
  whole('seed', seed, 0, 2 ** 32 - 1);
  if (!(dropout >= 0 && dropout < 1)) {
    throw new StoryError('bad_request', `--dropout is from 0 to below 1, not ${dropout}.`);
  }
  if (!(clip >= 0)) throw new StoryError('bad_request', `--clip is 0 or more, not ${clip}.`);
}

function bar({
  epoch,
  epochs,
  chunk,
  chunks,
  train: { bitsPerCharacter, accuracy },
  ...report
}: Report): void {
  if (!process.stderr.isTTY) return;
  const width = 24;
  const done = Math.round((chunk / chunks) * width);
  process.stderr.write(
    `\r\u001b[K[${'='.repeat(done)}${' '.repeat(width - done)}] ${epoch + 1}/${epochs}  ` +
      `${bitsPerCharacter.toFixed(3)} bits  ${percent(accuracy)}  ` +
      `${Math.round(report.charactersPerSecond).toLocaleString('en')} ch/s  ${duration(report.secondsLeft)} left`,
  );
}

function clear(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function tell(line: string): void {
  clear();
  process.stdout.write(`${line}\n`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 1
    ? `${Math.round(seconds)} s`
    : minutes < 90
      ? `${minutes} min`
      : `${(minutes / 60).toFixed(1)} h`;
}

function cellOption(text: string): string {
  if (text !== 'lstm' && text !== 'gru') throw new InvalidArgumentError('Choose lstm or gru.');
  return text;
}

function listOption(text: string): number[] {
  return text.split(',').map(numberOption);
}
