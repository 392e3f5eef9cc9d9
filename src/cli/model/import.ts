import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import { beginningText, importCard } from '../../generator/model/card.ts';
import { costOf, kindOf, readingText } from '../../generator/model/describe.ts';
import { MODEL_NAME, saveModel } from '../../generator/model/files.ts';
import { MODEL_FILE } from '../../generator/model/format.ts';
import { type ImportedModel, importModel } from '../../generator/model/formats/import-model.ts';
import { ModelFileError, parameterCount, type Reading } from '../../generator/model/model.ts';
import { ownCommand } from '../../terminal.ts';
import { printLine } from '../console.ts';
import { wholeOption } from '../options.ts';

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
    .description('import a model: HDF5 or .keras of Keras, a layers model of TensorFlow.js, or safetensors')
    .argument('<file>', 'the file, or the folder of a model.json')
    .option(
      '--vocabulary <file>',
      'JSON that maps ids to characters or characters to ids, lists the characters by id, or holds two of these',
    )
    .option('--out <folder>', 'folder to write (default: one in the models folder, named after the file)')
    .option(
      '--window <characters>',
      'the model was trained on separate windows of this many characters',
      wholeOption(1, LONGEST_WINDOW),
    )
    .option('--stateful', 'the model was trained with a carried state, even if the file states otherwise')
    .option(
      '--residual',
      'each layer but the first adds its input to its output; only needed for safetensors',
    )
    .option('--float16', 'store the weights in half the size, rounded')
    .action(importFile);
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  if (flags.stateful && flags.window !== undefined) {
    throw new StoryError(
      'bad_request',
      'A model is either stateful or has a window: give one of --stateful and --window.',
    );
  }
  const folder = flags.out ?? join(readConfig(process.env).modelsFolder, nameFor(file));
  const name = basename(resolve(folder));
  if (!MODEL_NAME.test(name)) {
    throw new StoryError(
      'bad_request',
      `${name} is no model name: use lower-case letters, digits, - and _ in --out.`,
    );
  }
  if (existsSync(join(folder, MODEL_FILE))) {
    throw new StoryError('bad_request', `${folder} already holds a model. Choose another folder with --out.`);
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
          'The file does not state how the model was trained. If it was trained on separate windows, import it again with --window.',
        ]
      : []),
    ...(vocabulary.eosId !== undefined ? [] : [`A text begins ${beginningText(vocabulary)}.`]),
    ...(unusedIds.length > 0 ? [`${unusedIds.length} ids without a character were left out.`] : []),
    `Describe its training text in ${join(folder, CARD_FILE)}; offer it with \`${ownCommand(['model', 'use', name])}\`.`,
  ];
}
