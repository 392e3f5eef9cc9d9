/** The options of `scifi train`. Nothing here loads TensorFlow.js: other commands do not need it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Unit } from '../generator/vocabulary.ts';
import type { CellName } from '../workshop/training/cells.ts';
import { numberOption } from './options.ts';

export interface TrainOptions {
  readonly out: string;
  readonly continue?: boolean;
  readonly from?: string;
  readonly unit: Unit;
  readonly words: number;
  readonly cell: CellName;
  readonly bidirectional?: boolean;
  readonly units: readonly number[];
  readonly embedding: number;
  readonly batchNormalization?: boolean;
  readonly dropout: number;
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

export function addTrainOptions(command: Command): Command {
  const whatAModelBrings = ['continue', 'unit', 'words', 'cell', 'bidirectional', 'units', 'embedding'];
  return command
    .requiredOption('--out <folder>', 'where the run is kept, such as runs/melville')
    .option('--continue', 'go on with the run in that folder, exactly where its last checkpoint stands')
    .addOption(
      new Option(
        '--from <model>',
        'learn on from the weights of a model, such as models/scifi, with its layers and vocabulary',
      ).conflicts([...whatAModelBrings, 'batchNormalization']),
    )
    .option('--unit <unit>', 'what the network writes at a time: char or word', oneOf('char', 'word'), 'char')
    .option(
      '--words <count>',
      'how many of the most frequent words a word network knows',
      numberOption,
      8_000,
    )
    .option('--cell <name>', 'lstm or gru', oneOf('lstm', 'gru'), 'lstm')
    .option(
      '--bidirectional',
      'read windows of --steps from both ends: such a network sees the answers that it learns to give, and writes badly',
    )
    .option('--units <list>', 'units of each layer, such as 256,256', listOption, [256])
    .option('--embedding <columns>', 'columns of the embedding', numberOption, 32)
    .option('--batch-normalization', 'normalise what the last layer puts out, by the mean of each batch')
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
    .option('--save-every <minutes>', 'a checkpoint at least this often', numberOption, SAVE_EVERY_MINUTES)
    .option('--prompt <text>', 'how the sample of each epoch begins', SAMPLE_PROMPT);
}

function oneOf(...names: readonly string[]): (text: string) => string {
  return (text) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`Choose ${names.join(' or ')}.`);
    return text;
  };
}

function listOption(text: string): number[] {
  return text.split(',').map(numberOption);
}
