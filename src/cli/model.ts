import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { kindOf } from '../generator/model/describe.ts';
import { listModels, loadModel, MODEL_NAME, saveLexicon, writeModelList } from '../generator/model/files.ts';
import { MODEL_FILE } from '../generator/model/format.ts';
import { ModelFileError, parameterCount } from '../generator/model/model.ts';
import type { ModelChoice } from '../story/story.ts';
import { ownCommand } from '../terminal.ts';
import { lexiconOf } from '../workshop/corpus/lexicon.ts';
import { printLine } from './console.ts';
import { addModelExport } from './model/export.ts';
import { addModelImport } from './model/import.ts';
import { addModelInspect } from './model/inspect.ts';
import { findModel, readText } from './options.ts';

const BYTES_PER_MIB = 2 ** 20;

interface UseFlags {
  readonly title?: string;
  readonly description?: string;
}

/** `model`: manages models. */
export function addModel(program: Command): void {
  const model = program.command('model').description('manage models on disk').exitOverride();
  addModelImport(model);
  addModelExport(model);
  model
    .command('list')
    .description('list the models in the models folder, and which of them are offered')
    .action(showModels);
  model
    .command('use')
    .description('make a model the default, and offer it to users')
    .argument('<name>', 'folder of the model in the models folder')
    .option('--title <text>', 'title of the model, as users see it')
    .option('--description <text>', 'description of the model, as users see it')
    .action(useModel);
  addModelInspect(model);
  model
    .command('lexicon')
    .description("write a model's lexicon.bin, the words of the texts that it was trained on")
    .argument('<model>', "a model's folder, or the name of a model")
    .argument('<texts...>', 'files such as train.txt, in which each work begins with U+0003')
    .action(writeLexicon);
  for (const command of model.commands) command.exitOverride();
}

/** `model lexicon`: the words that a model's stories are limited to. */
async function writeLexicon(named: string, paths: readonly string[]): Promise<void> {
  const folder = findModel(named);
  await loadModel(folder);
  const lexicon = lexiconOf(await Promise.all(paths.map(readText)));
  if (!lexicon) {
    throw new StoryError(
      'configuration',
      `${paths.join(' and ')}: there are no words. Give the text that the model was trained on.`,
    );
  }
  await saveLexicon(folder, lexicon);
  const count = [...lexicon.words()].length;
  printLine(`${count.toLocaleString('en')} words, ${lexicon.bytes.length.toLocaleString('en')} bytes`);
}

/** `model list`: the models in the models folder. */
async function showModels(): Promise<void> {
  const { modelsFolder } = readConfig(process.env);
  const offered = (await listModels(modelsFolder)).map(({ name }) => name);
  const entries = await readdir(modelsFolder, { withFileTypes: true });
  const folders = entries
    .filter(({ name }) => MODEL_NAME.test(name) && existsSync(join(modelsFolder, name, MODEL_FILE)))
    .map(({ name }) => name);
  const rows = [['name', 'offered', 'version', 'size', 'kind']];
  for (const name of new Set([...offered, ...folders.toSorted()])) {
    const position = offered.indexOf(name);
    const status = position === 0 ? 'default' : position > 0 ? 'yes' : 'no';
    rows.push([name, status, ...(await factsOf(join(modelsFolder, name)))]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, i) => (i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    printLine(cells.join('  ').trimEnd());
  }
}

/** A model's version, the size of its files, and its kind; or why it cannot be used. */
async function factsOf(folder: string): Promise<[version: string, size: string, kind: string]> {
  try {
    const model = await loadModel(folder);
    const files = await readdir(folder);
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const kind = `${kindOf(model.layers)}; ${(parameterCount(model) / 1e6).toFixed(1)} M weights`;
    return [model.version, `${(bytes / BYTES_PER_MIB).toFixed(1)} MiB`, kind];
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    return ['-', '-', `cannot be used: ${error.problem}`];
  }
}

/** `model use`: sets the default model. */
async function useModel(name: string, flags: UseFlags): Promise<void> {
  const { modelsFolder } = readConfig(process.env);
  if (!MODEL_NAME.test(name)) {
    throw new StoryError(
      'bad_request',
      `${name} is no model name. \`${ownCommand(['model', 'list'])}\` lists the models.`,
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
  printLine(`${name} is the default now${rest}. Restart running processes to use it.`);
}
