import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { chooseEngine, ENGINE_NAMES, type EngineName } from '../generator/engines/choose.ts';
import type { Engine } from '../generator/engines/engine.ts';
import { ENGINE_OPENERS } from '../generator/engines/openers.ts';
import { loadModel } from '../generator/model/files.ts';
import type { Model } from '../generator/model/model.ts';
import { servingOf } from '../generator/reading.ts';
import type { Unit } from '../generator/vocabulary.ts';
import { PRESETS } from '../story/story.ts';
import {
  type Calibration,
  type Evaluation,
  evaluate,
  type Guesses,
  guess,
} from '../workshop/evaluation/evaluation.ts';
import { type FreshStart, freshStarts } from '../workshop/evaluation/fresh-starts.ts';
import { clearProgress, print, showProgress } from './console.ts';
import { evaluateStories, readPresets } from './evaluate-stories.ts';
import { numberOption, readText, wholeOption } from './options.ts';

/** Works that are scored at the same time. */
const ROWS = 32;
/**
 * Temperature 0 gives no probabilities; lower temperatures sharpen the distribution, higher ones flatten it.
 */
const TEMPERATURES: readonly number[] = [0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4];
const GUESSED_DEFAULT = 600;
const GUESSED_MAX = 100_000;
/** Characters per line of the visual test. */
const LINE_WIDTH = 76;

const STORIES_MAX = 100_000;

/** Fresh starts, and the characters read from each. */
const STARTS_DEFAULT = 64;
const STARTS_MAX = 4_096;
const START_LENGTH = 2_000;
/** A start whose loss is more than this many times the median has diverged. */
const DIVERGED = 3;

interface EvaluateFlags {
  readonly engine?: EngineName | 'auto';
  readonly calibration?: boolean;
  readonly show?: number | true;
  readonly freshStarts?: number | true;
  readonly stories?: number;
  readonly preset: string;
  readonly temperature: number;
  readonly train?: string;
  readonly json?: string;
  readonly plot?: string;
}

/** `evaluate`: how well a model predicts a text. */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('score a model on a text: bits per character and accuracy, each work from a fresh state')
    .argument('<model>', 'folder of the model, such as models/scifi')
    .argument('<file>', 'text in which each work begins with U+0003')
    .addOption(
      new Option('--engine <name>', 'the engine that runs the model (default: SCIFI_ENGINE)').choices([
        'auto',
        ...ENGINE_NAMES,
      ]),
    )
    .option(
      '--calibration',
      'also score temperatures from 0.2 to 1.4: does the confidence match the accuracy?',
    )
    .option(
      '--show [characters]',
      `also print the beginning of the text above the predicted text (default: ${GUESSED_DEFAULT} characters)`,
      wholeOption(1, GUESSED_MAX),
    )
    .option(
      '--fresh-starts [count]',
      `also predict ${START_LENGTH.toLocaleString('en')} characters from this many positions within the text, each from a ` +
        `fresh state (default: ${STARTS_DEFAULT}): does the network diverge from any?`,
      wholeOption(1, STARTS_MAX),
    )
    .option(
      '--stories <count>',
      'write this many stories instead, and compare their measures with those of passages of the text',
      wholeOption(1, STORIES_MAX),
    )
    .option('--preset <names>', `presets of those stories, such as classic,lively`, PRESETS.join(','))
    .option('--temperature <number>', 'temperature of the preset classic', numberOption, 0.4)
    .option('--train <file>', 'the text that the model was trained on: how much of it do the stories repeat?')
    .option('--json <file>', 'also write the measures into a file')
    .option('--plot <file>', 'also draw how the stories differ from human text, as SVG')
    .action((folder: string, file: string, flags: EvaluateFlags) =>
      flags.stories === undefined
        ? evaluateFile(folder, file, flags)
        : evaluateStoriesOf(folder, file, flags, flags.stories),
    );
}

/** Opens a model's engine with `capacity` rows, calls `act`, and closes it. */
async function withEngine(
  folder: string,
  wanted: EngineName | 'auto' | undefined,
  capacity: number,
  act: (engine: Engine, model: Model) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  const model = await loadModel(folder);
  const chosen = await chooseEngine(wanted ?? config.engine, ENGINE_OPENERS);
  const engine = await chosen.create(model, { capacity, threads: config.threads });
  await act(engine, model);
  await engine.close();
  await chosen.close();
}

async function evaluateStoriesOf(folder: string, file: string, flags: EvaluateFlags, count: number) {
  const { preset, temperature, train, json, plot } = flags;
  const presets = readPresets(preset);
  const text = await readText(file);
  await withEngine(folder, flags.engine, readConfig(process.env).slots, (engine, model) =>
    evaluateStories(engine, model, text, { count, presets, temperature, train, json, plot }),
  );
}

async function evaluateFile(folder: string, file: string, flags: EvaluateFlags): Promise<void> {
  const text = await readText(file);
  await withEngine(folder, flags.engine, ROWS, async (engine, model) => {
    const { vocabulary } = model;
    const serving = servingOf(model);
    const result = await evaluate(engine, vocabulary, text, {
      serving,
      temperatures: flags.calibration ? TEMPERATURES : [],
      onProgress: (scored, all) => showProgress(`${Math.round((scored / all) * 100)}%`),
    }).catch((cause: unknown) => {
      if (!(cause instanceof RangeError)) throw cause;
      const sentence = `${file} holds no characters to score. Give a text that the model can read.`;
      throw new StoryError('bad_request', sentence, { cause });
    });
    clearProgress();
    // Printed at the end: after a mistake in an option nothing is printed.
    const parts = [scoreLines(result, vocabulary.unit)];
    if (flags.calibration) parts.push(calibrationTable(result));
    if (flags.freshStarts !== undefined) {
      const starts = await start(engine, model, text, countOf(flags.freshStarts, STARTS_DEFAULT));
      parts.push(startLines(starts, startLength(model)));
    }
    if (flags.show !== undefined) {
      const shown = countOf(flags.show, GUESSED_DEFAULT);
      parts.push(guessLines(await guess(engine, vocabulary, text, shown, serving)));
    }
    print(parts.join('\n'));
  });
}

/** The value of an option whose value may be omitted. */
function countOf(value: number | true, standard: number): number {
  return value === true ? standard : value;
}

function start(engine: Engine, model: Model, text: string, count: number): Promise<FreshStart[]> {
  const length = startLength(model);
  return freshStarts(engine, model.vocabulary, text, { count, length }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    const sentence = `The text is too short for ${count} fresh starts. Give a longer one, or ask for fewer.`;
    throw new StoryError('bad_request', sentence, { cause: error });
  });
}

/** From a fresh state, no more characters than the model was trained to read. */
function startLength({ reading }: Model): number {
  return reading.kind === 'window' ? Math.min(START_LENGTH, reading.characters) : START_LENGTH;
}

function scoreLines(result: Evaluation, unit: Unit): string {
  const { bitsPerCharacter, bitsPerId, accuracy, characters, ids, works, skipped } = result;
  const isWords = unit === 'word';
  return (
    `bits per character  ${bitsPerCharacter.toFixed(4)}\n` +
    (isWords ? `bits per word       ${bitsPerId.toFixed(4)}\n` : '') +
    `accuracy            ${percent(accuracy)}\n` +
    (isWords ? `words scored        ${ids} in ${works} works\n` : '') +
    `characters scored   ${characters}${isWords ? '' : ` in ${works} works`}\n` +
    (skipped === 0
      ? ''
      : isWords
        ? `unknown words       ${percent(skipped / characters)} of the characters, not scored\n`
        : `characters skipped  ${skipped} that are not in the vocabulary\n`)
  );
}

function startLines(starts: readonly FreshStart[], length: number): string {
  const median = starts[Math.floor(starts.length / 2)]!;
  const worst = starts.at(-1)!;
  const diverged = starts.filter(({ bitsPerId }) => bitsPerId > DIVERGED * median.bitsPerId).length;
  return (
    `fresh starts        ${starts.length}, ${length} predictions each\n` +
    `median              ${median.bitsPerId.toFixed(4)} bits\n` +
    `worst               ${worst.bitsPerId.toFixed(4)} bits, ${(worst.bitsPerId / median.bitsPerId).toFixed(2)} times that\n` +
    `diverged            ${diverged} with more than ${DIVERGED} times the median\n`
  );
}

function calibrationTable({ calibration, accuracy }: Evaluation): string {
  const best = calibration.reduce((a, b) => (b.bitsPerCharacter < a.bitsPerCharacter ? b : a));
  const row = ({ temperature, bitsPerCharacter, confidence, error }: Calibration) =>
    `${temperature.toFixed(1).padStart(11)}  ${bitsPerCharacter.toFixed(4).padStart(18)}  ` +
    `${percent(confidence).padStart(10)}  ${percent(error).padStart(17)}\n`;
  return (
    `temperature  bits per character  confidence  calibration error\n${calibration.map(row).join('')}` +
    `Accuracy ${percent(accuracy)}; fewest bits at temperature ${best.temperature}` +
    `${best.temperature > 1 ? ': the model is overconfident' : best.temperature < 1 ? ': the model is underconfident' : ''}.\n`
  );
}

/** The text above the guesses, line by line; invisible characters are shown as symbols. */
function guessLines({ actual, guessed }: Guesses): string {
  const visible = (text: string) => text.replaceAll('\n', '\u00b6').replaceAll('\u0003', '\u2403');
  let lines = '';
  let [top, bottom] = ['', ''];
  const flush = () => {
    lines += `text   ${top}\nguess  ${bottom}\n\n`;
    [top, bottom] = ['', ''];
  };
  for (const [i, text] of actual.entries()) {
    const [one, other] = [visible(text), visible(guessed[i]!)];
    // A word is aligned with the word that was guessed at its position.
    const width = Math.max(one.length, other.length);
    if (top !== '' && top.length + width > LINE_WIDTH) flush();
    top += one.padEnd(width);
    bottom += other.padEnd(width);
  }
  if (top !== '') flush();
  return lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
