/** Converts the options of `scifi train` into the settings of a run. */
import { StoryError } from '../errors.ts';
import type { Model } from '../generator/model/model.ts';
import { MOST_WORDS } from '../workshop/training/corpus.ts';
import type { TrainingSettings } from '../workshop/training/progress.ts';
import { parseSchedule } from '../workshop/training/schedule.ts';
import { architectureOf } from '../workshop/training/trained-model.ts';
import { EPOCHS, type TrainOptions } from './train-options.ts';

/**
 * @param from the model whose weights training starts from, if any
 * @throws StoryError `bad_request` that names the option
 */
export function settingsOf(options: TrainOptions, from: Model | undefined): TrainingSettings {
  const { cell, units, embedding, dropout, bidirectional, batchNormalization } = options;
  const architecture = from
    ? architectureOf(from, dropout)
    : {
        ...{ cell, units, embedding, dropout },
        ...{ bidirectional: bidirectional ?? false, batchNormalization: batchNormalization ?? false },
      };
  const settings: TrainingSettings = {
    architecture,
    schedule: parseSchedule(options.schedule),
    steps: from?.reading.kind === 'window' ? from.reading.characters : options.steps,
    clip: options.clip,
    epochs: options.epochs ?? EPOCHS,
    seed: options.seed,
    ...(from ? { from: `${from.name} ${from.version}` } : {}),
  };
  whole('words', options.words, 1, MOST_WORDS);
  check(settings);
  return settings;
}

function check({ architecture, steps, clip, epochs, seed }: TrainingSettings): void {
  const { units, embedding, dropout } = architecture;
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

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new StoryError('bad_request', `--${name} is a whole number from ${least} to ${most}, not ${value}.`);
}
