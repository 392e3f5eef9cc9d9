import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine } from '../generator/engines/choose.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { type Calibration, type Evaluation, evaluate, type Guesses, guess } from '../generator/evaluation.ts';
import { loadModel } from '../generator/model/files.ts';
import { numberOption } from './options.ts';

/** Works that are scored at the same time. */
const LANES = 32;
/** At 0 there are no probabilities; between these a network can be told to be bolder or more careful. */
const TEMPERATURES: readonly number[] = [0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4];
const GUESSED_DEFAULT = 600;
const GUESSED_MAX = 100_000;
/** Characters of a line of the visual test. */
const LINE_WIDTH = 76;

interface EvaluateFlags {
  readonly calibration?: boolean;
  readonly show?: number | true;
}

/** `evaluate`: how well a model predicts a text. */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('score a model on a text: bits per character and accuracy, every work from a fresh state')
    .argument('<model>', 'folder of the model, such as models/scifi')
    .argument('<file>', 'text whose works each begin with U+0003')
    .option('--calibration', 'also score every temperature from 0.2 to 1.4: is it as sure as it is right?')
    .option(
      '--show [characters]',
      `also print the text's beginning over what the model guessed, ${GUESSED_DEFAULT} characters by default`,
      guessedOption,
    )
    .action(evaluateFile);
}

function guessedOption(text: string): number {
  const count = numberOption(text);
  if (Number.isInteger(count) && count >= 1 && count <= GUESSED_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${GUESSED_MAX.toLocaleString('en')}.`);
}

async function evaluateFile(folder: string, file: string, flags: EvaluateFlags): Promise<void> {
  const config = readConfig(process.env);
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new StoryError('bad_request', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  });
  const model = await loadModel(folder);
  const chosen = await chooseEngine(config.engine, ENGINE_OPENERS);
  const engine = await chosen.create(model, { capacity: LANES, threads: config.threads });
  const result = await evaluate(engine, model.vocabulary, text, {
    temperatures: flags.calibration ? TEMPERATURES : [],
    onProgress: (scored, characters) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${Math.round((scored / characters) * 100)}%`);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new StoryError('bad_request', `${file} holds no characters to score.`, { cause: error });
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const shown = flags.show === true ? GUESSED_DEFAULT : flags.show;
  const guesses = shown === undefined ? undefined : await guess(engine, model.vocabulary, text, shown);
  await engine.close();
  await chosen.close();
  process.stdout.write(scoreLines(result));
  if (flags.calibration) process.stdout.write(`\n${calibrationTable(result)}`);
  if (guesses) process.stdout.write(`\n${guessLines(guesses)}`);
}

function scoreLines(result: Evaluation): string {
  return (
    `bits per character  ${result.bitsPerCharacter.toFixed(4)}\n` +
    `accuracy            ${(result.accuracy * 100).toFixed(2)}%\n` +
    `characters scored   ${result.characters} in ${result.works} works\n` +
    (result.skipped > 0
      ? `characters skipped  ${result.skipped} that the vocabulary has no reading for\n`
      : '')
  );
}

function calibrationTable({ calibration, accuracy }: Evaluation): string {
  const best = calibration.reduce((a, b) => (b.bitsPerCharacter < a.bitsPerCharacter ? b : a));
  const row = ({ temperature, bitsPerCharacter, confidence, error }: Calibration) =>
    `${temperature.toFixed(1).padStart(11)}  ${bitsPerCharacter.toFixed(4).padStart(18)}  ` +
    `${percent(confidence).padStart(10)}  ${percent(error).padStart(17)}\n`;
  return (
    `temperature  bits per character  confidence  calibration error\n${calibration.map(row).join('')}` +
    `It is right in ${percent(accuracy)}; fewest bits at temperature ${best.temperature}` +
    `${best.temperature > 1 ? ': it is too sure of itself' : best.temperature < 1 ? ': it could be surer' : ''}.\n`
  );
}

/** The text over the guesses, line for line; what cannot be seen is shown as a sign. */
function guessLines({ actual, guessed }: Guesses): string {
  const visible = (text: string) => text.replaceAll('\n', '\u00b6').replaceAll('\u0003', '\u2403');
  const [top, bottom] = [visible(actual), visible(guessed)];
  let lines = '';
  for (let from = 0; from < top.length; from += LINE_WIDTH) {
    const to = from + LINE_WIDTH;
    lines += `text   ${top.slice(from, to)}\nguess  ${bottom.slice(from, to)}\n\n`;
  }
  return lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
