import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { beginningText, importCard } from '../../generator/model/card.ts';
import { costOf, kindOf, readingText } from '../../generator/model/describe.ts';
import { MODEL_NAME, saveModel } from '../../generator/model/files.ts';
import { MODEL_FILE } from '../../generator/model/format.ts';
import { type ImportedModel, importModel } from '../../generator/model/formats/import-model.ts';
import { ModelFileError, parameterCount, type Reading } from '../../generator/model/model.ts';
import { ownCommand } from '../../own-command.ts';
import { printLine } from '../console.ts';
import { numberOption } from '../options.ts';

const CARD_FILE = 'README.md';
const LONGEST_WINDOW = 100_000;

interface ImportFlags {
  readonly vocabulary?: string;
  readonly out?: string;
  readonly window?: number;
  readonly stateful?: boolean;
  readonly float16?: boolean;
  readonly residual?: boolean;
}

/** `model import`: converts a model of Keras, TensorFlow.js or safetensors into this program's format. */
export function addModelImport(model: Command): void {
  model
    .command('import')
    .description('bring in a model: HDF5 or .keras of Keras, a layers model of TensorFlow.js, safetensors')
    .argument('<file>', 'the file, or the folder of a model.json')
    .option(
      '--vocabulary <file>',
      'JSON that maps ids to characters or characters to ids, lists the characters by id, or holds two of these',
    )
    .option('--out <folder>', 'folder to write; by default one in the models folder, called after the file')
    .option('--window <characters>', 'it was trained on fresh windows of so many characters', windowOption)
    .option('--stateful', 'it was trained with a state that is carried on, whatever the file says')
    .option(
      '--residual',
      'the input of each layer but the first is added to its output; only safetensors needs to be told',
    )
    .option('--float16', 'halve the weights, which rounds them')
    .action(importFile);
}

function windowOption(text: string): number {
  const characters = numberOption(text);
  if (Number.isInteger(characters) && characters >= 1 && characters <= LONGEST_WINDOW) return characters;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LONGEST_WINDOW.toLocaleString('en')}.`);
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  if (flags.stateful && flags.window !== undefined) {
    throw new StoryError('bad_request', 'A model is either stateful or has a window: give one of the two.');
  }
  const folder = flags.out ?? join(readConfig(process.env).modelsFolder, nameFor(file));
  const name = basename(resolve(folder));
  if (!MODEL_NAME.test(name)) {
    throw new StoryError(
      'bad_request',
      `${name} is no name for a model: use small letters, digits, - and _ in --out.`,
    );
  }
  if (existsSync(join(folder, MODEL_FILE))) {
    throw new StoryError('bad_request', `${folder} holds a model already. Choose another folder with --out.`);
  }
  const imported = await importModel(file, {
    name,
    vocabulary: flags.vocabulary,
    reading: readingOf(flags),
    isResidual: flags.residual,
  }).catch((error: unknown) => {
    if (!(error instanceof ModelFileError)) throw error;
    throw new StoryError(error.code, `${error.file} cannot be imported: ${error.problem}.`, { cause: error });
  });
  const version = await saveModel(folder, imported.model, {
    dtype: flags.float16 ? 'float16' : 'float32',
  }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new StoryError('bad_request', 'A weight is too large for float16. Import it without --float16.', {
      cause: error,
    });
  });
  await writeFile(join(folder, CARD_FILE), importCard(imported));
  for (const line of report(imported, folder, version)) printLine(line);
}

function readingOf({ stateful, window }: ImportFlags): Reading | undefined {
  if (stateful) return { kind: 'stateful' };
  return window === undefined ? undefined : { kind: 'window', characters: window };
}

/** `Melville (best).h5` becomes `melville-best`. */
function nameFor(file: string): string {
  const stem = basename(resolve(file), extname(file));
  return stem
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+|-+$/g, '');
}

function report({ model, foreign, unusedIds }: ImportedModel, folder: string, version: string): string[] {
  const { name, layers, reading, vocabulary } = model;
  const { steps, reason } = costOf(layers, reading);
  return [
    `${foreign.file} (${foreign.source}) is now ${folder}, version ${version}.`,
    `${kindOf(layers)}: ${parameterCount(model).toLocaleString('en')} weights, ${vocabulary.size} characters.`,
    `Reading: ${readingText(reading)}.`,
    ...(steps > 1 ? [`A character costs ${steps} steps: ${reason}.`] : []),
    ...(foreign.reading === null && reading.kind === 'stateful'
      ? [
          'The file does not say how it was trained. If it was on fresh windows, import it again with --window.',
        ]
      : []),
    ...(vocabulary.eosId !== undefined ? [] : [`A text begins ${beginningText(vocabulary)}.`]),
    ...(unusedIds.length > 0 ? [`${unusedIds.length} ids stand for no character and were left out.`] : []),
    `Say in ${join(folder, CARD_FILE)} what it was trained on; offer it with \`${ownCommand(['model', 'use', name])}\`.`,
  ];
}
