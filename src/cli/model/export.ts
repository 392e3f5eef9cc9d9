import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { StoryError } from '../../errors.ts';
import { loadModel, replaceFile, saveModel } from '../../generator/model/files.ts';
import { MODEL_FILE } from '../../generator/model/format.ts';
import { writeKerasHdf5 } from '../../generator/model/formats/write-keras-hdf5.ts';
import { writeOnnx } from '../../generator/model/formats/write-onnx.ts';
import type { Model } from '../../generator/model/model.ts';
import { printLine } from '../console.ts';
import { findModel } from '../options.ts';

const WRITERS: Readonly<Record<string, (model: Model) => Uint8Array | Promise<Uint8Array>>> = {
  onnx: writeOnnx,
  hdf5: writeKerasHdf5,
};

/** `model export`: exports a model for other programs. */
export function addModelExport(model: Command): void {
  model
    .command('export')
    .description('write a model as a layers model of TensorFlow.js, as ONNX, or as HDF5 of Keras 2')
    .argument('<model>', 'folder or name of the model')
    .argument('<out>', 'file to write; for tfjs a folder')
    .addOption(
      new Option('--format <format>', 'format to write')
        .choices(['tfjs', 'onnx', 'hdf5'])
        .makeOptionMandatory(),
    )
    .action(exportModel);
}

async function exportModel(named: string, out: string, { format }: { format: string }): Promise<void> {
  const target = format === 'tfjs' ? join(out, MODEL_FILE) : out;
  if (existsSync(target)) {
    throw new StoryError('bad_request', `${target} exists already. Remove it, or choose another name.`);
  }
  const model = await loadModel(findModel(named));
  const write = WRITERS[format];
  if (!write) {
    await saveModel(out, model, { dtype: 'float32', dialect: 'tensorflow.js' });
    printLine(`${out} written: model.json, weights.bin and vocabulary.json.`);
    return;
  }
  const bytes = await write(model);
  await mkdir(dirname(out), { recursive: true });
  await replaceFile(out, bytes);
  // The file holds only ids; other programs need one of the two dictionaries.
  const { idToChar, charToId } = model.vocabulary.toFile();
  await replaceFile(`${out}.id-to-char.json`, `${JSON.stringify(idToChar, null, 1)}\n`);
  await replaceFile(`${out}.char-to-id.json`, `${JSON.stringify(charToId, null, 1)}\n`);
  printLine(`${out} written, with its dictionaries .id-to-char.json and .char-to-id.json beside it.`);
}
