import type { Command } from 'commander';
import { saveModel } from '../generator/model/files.ts';
import { importSafetensors } from '../generator/model/safetensors.ts';

/** `model`: bringing weights in from elsewhere. */
export function addModel(program: Command): void {
  const model = program.command('model').description('work with models on disk').exitOverride();
  model
    .command('import')
    .description('bring in weights from a safetensors file and write them as TensorFlow.js loads them')
    .argument('<weights>', 'safetensors file: embedding, lstm_N.kernel, ..., dense.kernel, dense.bias')
    .argument('<vocabulary>', 'vocabulary.json with idToChar and charToId')
    .argument('<folder>', 'folder to write, such as models/scifi')
    .option('--float32', 'keep float32 weights instead of float16')
    .exitOverride()
    .action(async (weights: string, vocabulary: string, folder: string, options: { float32?: boolean }) => {
      const imported = await importSafetensors(weights, vocabulary);
      await saveModel(folder, imported, { dtype: options.float32 ? 'float32' : 'float16' });
      process.stdout.write(`${folder} written. List it in models.json to offer it.\n`);
    });
}
