import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { evaluate } from '../generator/evaluation.ts';
import { loadModel } from '../generator/model/files.ts';

/** Works that are scored at the same time. */
const LANES = 32;

/** `evaluate`: how well a model predicts a text. */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('score a model on a text: bits per character and accuracy, every work from a fresh state')
    .argument('<model>', 'folder of the model, such as models/scifi')
    .argument('<file>', 'text whose works each begin with U+0003')
    .action(evaluateFile);
}

async function evaluateFile(folder: string, file: string): Promise<void> {
  const config = readConfig(process.env);
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new StoryError('bad_request', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  });
  const model = await loadModel(folder);
  const chosen = await chooseEngine(config.engine, ENGINE_OPENERS);
  const engine = await chosen.create(model, { capacity: LANES, threads: config.threads });
  const result = await evaluate(engine, model.vocabulary, text, {
    onProgress: (scored, characters) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${Math.round((scored / characters) * 100)}%`);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new StoryError('bad_request', `${file} holds no characters to score.`, { cause: error });
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  await engine.close();
  await chosen.close();
  process.stdout.write(
    `bits per character  ${result.bitsPerCharacter.toFixed(4)}\n` +
      `accuracy            ${(result.accuracy * 100).toFixed(2)}%\n` +
      `characters scored   ${result.characters} in ${result.works} works\n` +
      (result.skipped > 0
        ? `characters skipped  ${result.skipped} that the vocabulary has no reading for\n`
        : ''),
  );
}
