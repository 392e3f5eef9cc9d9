import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { StoryError } from '../../errors.ts';
import { loadModel, replaceFile, saveModel } from '../../generator/model/files.ts';
import { MODEL_FILE } from '../../generator/model/format.ts';
import { writeKerasHdf5 } from '../../generator/model/formats/write-keras-hdf5.ts';
import { writeOnnx } from '../../generator/model/formats/write-onnx.ts';
import type { Model } from '../../generator/model/model.ts';
import { WEIGHTS_DTYPES, type WeightsDtype } from '../../generator/model/weights.ts';
import { makeFolder } from '../../make-folder.ts';
import { printLine } from '../console.ts';
import { findModel } from '../options.ts';

const WRITERS: Readonly<Record<string, (model: Model) => Uint8Array | Promise<Uint8Array>>> = {
  onnx: writeOnnx,
  hdf5: writeKerasHdf5,
};

/** Formats that are folders, and how their weights are stored unless `--weights` says otherwise. */
const FOLDERS: Readonly<Record<string, WeightsDtype>> = { tfjs: 'float32', scifi: 'float16' };

interface ExportFlags {
  readonly format: string;
  readonly weights?: WeightsDtype;
}

/** `model export`: exports a model for other programs, or with weights of another precision. */
export function addModelExport(model: Command): void {
  model
    .command('export')
    .description(
      'write a model as a layers model of TensorFlow.js, as ONNX, as HDF5 of Keras 2, or as this program stores it',
    )
    .argument('<model>', 'folder or name of the model')
    .argument('<out>', 'file to write; for tfjs and scifi a folder')
    .addOption(
      new Option('--format <format>', 'format to write')
        .choices(['tfjs', ...Object.keys(WRITERS), 'scifi'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--weights <precision>',
        'how tfjs (float32) and scifi (float16) store weights; only this program reads int8',
      ).choices(WEIGHTS_DTYPES),
    )
    .action(exportModel);
}

async function exportModel(named: string, out: string, { format, weights }: ExportFlags): Promise<void> {
  const precision = FOLDERS[format];
  if (precision === undefined && weights !== undefined) {
    throw new StoryError('bad_request', `The weights of ${format} are float32: leave out --weights.`);
  }
  if (format === 'tfjs' && weights === 'int8') {
    const sentence =
      'TensorFlow.js has no integers with a scale for each output. Use --format scifi for int8.';
    throw new StoryError('bad_request', sentence);
  }
  const target = precision === undefined ? out : join(out, MODEL_FILE);
  if (existsSync(target)) {
    throw new StoryError('bad_request', `${target} exists already. Remove it, or choose another name.`);
  }
  const model = await loadModel(findModel(named));
  const write = WRITERS[format];
  if (!write) {
    const dialect = format === 'tfjs' ? 'tensorflow.js' : 'ours';
    await saveModel(out, model, { dtype: weights ?? precision!, dialect });
    const lexicon = model.lexicon ? ', lexicon.bin' : '';
    printLine(`${out} written: model.json, weights.bin${lexicon} and vocabulary.json.`);
    return;
  }
  const bytes = await write(model);
  await makeFolder(dirname(out));
  await replaceFile(out, bytes);
  // The file holds only ids; other programs need one of the two dictionaries.
  const { idToChar, charToId } = model.vocabulary.toFile();
  await replaceFile(`${out}.id-to-char.json`, `${JSON.stringify(idToChar, null, 1)}\n`);
  await replaceFile(`${out}.char-to-id.json`, `${JSON.stringify(charToId, null, 1)}\n`);
  printLine(`${out} written, with its dictionaries .id-to-char.json and .char-to-id.json beside it.`);
}
