import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { kindOf } from '../../generator/model/describe.ts';
import { listModels, loadModel, MODEL_NAME, writeModelList } from '../../generator/model/files.ts';
import { ownCommand } from '../../own-command.ts';
import type { ModelChoice } from '../../story/story.ts';
import { printLine } from '../console.ts';

interface UseFlags {
  readonly title?: string;
  readonly description?: string;
}

/** `model use`: sets the default model. */
export function addModelUse(model: Command): void {
  model
    .command('use')
    .description('make a model the default, and offer it where it was not offered')
    .argument('<name>', 'folder of the model in the models folder')
    .option('--title <text>', 'what people see it called')
    .option('--description <text>', 'what people are told of it')
    .action(useModel);
}

async function useModel(name: string, flags: UseFlags): Promise<void> {
  const { modelsFolder } = readConfig(process.env);
  if (!MODEL_NAME.test(name)) {
    throw new StoryError(
      'bad_request',
      `${name} is no name of a model. \`${ownCommand(['model', 'list'])}\` shows those there are.`,
    );
  }
  const { layers } = await loadModel(join(modelsFolder, name));
  const choices = await listModels(modelsFolder);
  const known = choices.find((choice) => choice.name === name);
  const chosen: ModelChoice = {
    name,
    title: flags.title ?? known?.title ?? name[0]!.toUpperCase() + name.slice(1),
    description: flags.description ?? known?.description ?? kindOf(layers),
  };
  const others = choices.filter((choice) => choice.name !== name);
  await writeModelList(modelsFolder, [chosen, ...others]);
  const rest = others.length > 0 ? `, before ${others.map((choice) => choice.name).join(', ')}` : '';
  printLine(`${name} is the default now${rest}. Processes that run already keep what they have.`);
}
