/** The options of `scifi train`. Nothing here loads TensorFlow.js: other commands do not need it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { StoryError } from '../errors.ts';
import type { Unit } from '../generator/vocabulary.ts';
import type { CellName } from '../workshop/training/cells.ts';
import { MOST_WORDS } from '../workshop/training/corpus.ts';
import { numberOption, wholeOption } from './options.ts';

export interface TrainOptions {
  readonly out: string;
  readonly continue?: boolean;
  readonly from?: string;
  readonly unit: Unit;
  readonly words: number;
  readonly cell: CellName;
  readonly bidirectional?: boolean;
  readonly units: readonly number[];
  readonly layers?: number;
  readonly residual?: boolean;
  readonly embedding: number;
  readonly batchNormalization?: boolean;
  readonly dropout: number;
  readonly optimizer?: string;
  readonly schedule: string;
  readonly steps: number;
  readonly clip: number;
  readonly epochs?: number;
  readonly seed: number;
  readonly saveEvery: number;
  readonly prompt: string;
}

/** The default of `--epochs`; a continued run keeps its own. */
export const EPOCHS = 10;
export const SAVE_EVERY_MINUTES = 10;
export const SAMPLE_PROMPT = 'It all began with';

/** Maximum size of a layer. */
const MOST_COLUMNS = 16_384;
const MOST_LAYERS = 64;
/** The default with `--residual`, which has no effect on a single layer. */
const RESIDUAL_LAYERS = 3;

export function addTrainOptions(command: Command): Command {
  return command
    .requiredOption('--out <folder>', 'folder of the run, such as runs/melville')
    .option('--continue', 'continue the run in that folder from its last checkpoint')
    .addOption(
      new Option(
        '--from <model>',
        'start from the weights of a model, such as models/scifi, with its layers and vocabulary',
      ).conflicts([
        ...['continue', 'unit', 'words', 'cell', 'bidirectional', 'units', 'layers', 'residual'],
        ...['embedding', 'batchNormalization'],
      ]),
    )
    .addOption(
      new Option('--unit <unit>', 'unit that the network predicts').choices(['char', 'word']).default('char'),
    )
    .option(
      '--words <count>',
      'vocabulary of a word network: this many of the most frequent words',
      wholeOption(1, MOST_WORDS),
      8_000,
    )
    .addOption(new Option('--cell <name>', 'recurrent cell').choices(['lstm', 'gru']).default('lstm'))
    .option(
      '--bidirectional',
      'read windows of --steps from both ends; such a network sees the characters that it has to predict, and writes badly',
    )
    .option('--units <list>', 'units of each layer, such as 256,256', unitsOption, [256])
    .option(
      '--layers <count>',
      `layers of that size (default: 1, with --residual ${RESIDUAL_LAYERS})`,
      wholeOption(1, MOST_LAYERS),
    )
    .option('--residual', 'add the input of each layer but the first to its output')
    .option('--embedding <columns>', 'columns of the embedding', wholeOption(1, MOST_COLUMNS), 32)
    .option('--batch-normalization', 'normalise the output of the last layer by the mean of each batch')
    .option(
      '--dropout <share>',
      'share of each layer’s outputs left out in training, below 1',
      dropoutOption,
      0,
    )
    .addOption(
      new Option(
        '--optimizer <name>',
        'one optimizer at its usual rate, such as muon; short for a --schedule of one phase',
      ).conflicts('schedule'),
    )
    .option(
      '--schedule <phases>',
      'optimizers, rates and streams, and when they change, such as adadelta@1x32,20:sgd@0.01x64,plateau3:sgd@0.001',
      'adam@0.002x32',
    )
    .option('--steps <count>', 'steps of backpropagation through time', wholeOption(1, 4_096), 64)
    .option('--clip <norm>', 'maximum norm of the gradient; 0 for none', clipOption, 1)
    .option('--epochs <count>', `passes over the text (default: ${EPOCHS})`, wholeOption(1, 1_000_000))
    .option('--seed <number>', 'the same seed gives the same run', wholeOption(0, 2 ** 32 - 1), 1)
    .option('--save-every <minutes>', 'time between checkpoints', numberOption, SAVE_EVERY_MINUTES)
    .option('--prompt <text>', 'prompt of the sample of each epoch', SAMPLE_PROMPT);
}

/**
 * The units of each layer, by `--units`, `--layers` and `--residual`.
 *
 * @throws StoryError `bad_request` for options that do not fit each other
 */
export function layersOf({ units, layers, residual, bidirectional }: TrainOptions): readonly number[] {
  const [size] = units;
  if (units.length > 1 && layers !== undefined) {
    throw new StoryError('bad_request', '--layers is for layers of one size. Give one number in --units.');
  }
  if (residual && (bidirectional || units.some((one) => one !== size))) {
    throw new StoryError(
      'bad_request',
      '--residual is for layers of one size that read forwards. Leave out --bidirectional, and give one number in --units.',
    );
  }
  if (units.length > 1) return units;
  return new Array<number>(layers ?? (residual ? RESIDUAL_LAYERS : 1)).fill(size!);
}

function unitsOption(text: string): number[] {
  return text.split(',').map(wholeOption(1, MOST_COLUMNS));
}

function dropoutOption(text: string): number {
  const share = numberOption(text);
  if (share >= 0 && share < 1) return share;
  throw new InvalidArgumentError('Give a number from 0 to below 1.');
}

function clipOption(text: string): number {
  const norm = numberOption(text);
  if (norm >= 0) return norm;
  throw new InvalidArgumentError('Give 0 or more.');
}
