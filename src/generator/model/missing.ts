/** Explains why a folder has no model. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoryError } from '../../errors.ts';
import { ownCommand } from '../../terminal.ts';
import { MODEL_FILE } from './format.ts';

/** Content of a training run's folder: its checkpoints from the start, its model after an epoch. */
const CHECKPOINTS = 'checkpoints';
const MODEL = 'model';

/**
 * The error for the folder of a training run, which has a model only after an epoch was validated.
 *
 * @param folder without a `model.json`
 * @returns undefined where the folder is not a training run's
 */
export function noModelYet(folder: string): StoryError | undefined {
  const isRun = existsSync(join(folder, CHECKPOINTS));
  const isInRun = basename(folder) === MODEL && existsSync(join(dirname(folder), CHECKPOINTS));
  if (!isRun && !isInRun) return undefined;
  const run = isRun ? folder : dirname(folder);
  const model = join(run, MODEL);
  return new StoryError(
    'model_unavailable',
    isRun && existsSync(join(model, MODEL_FILE))
      ? `${run} is a run of training. Its model is in ${model}: give that folder.`
      : `The run in ${run} has no model yet: the first is written when an epoch is over and validated. Wait for that, ` +
          `or go on with the run: ${ownCommand(['train', 'DATA', '--out', run, '--continue'])}`,
  );
}
