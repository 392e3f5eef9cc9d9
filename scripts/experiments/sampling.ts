/** Sampling presets beside human text, and the search for the default. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machine, table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { DEFAULT_PRESET, PRESETS, type Sampling, STORY_BOUNDS, samplingOf } from '../../src/story/story.ts';
import { distance, type Measures } from '../../src/workshop/evaluation/measures.ts';
import {
  type Group,
  measureHuman,
  measureStories,
  measuresPlot,
  measuresTable,
  type Yardstick,
} from '../../src/workshop/evaluation/stories.ts';
import { TrainingText } from '../../src/workshop/evaluation/training-text.ts';
import { percent } from './laboratory.ts';

const MODEL = 'models/scifi';
const CAPACITY = 48;
const { default: CLASSIC } = STORY_BOUNDS.temperature;
/** The settings of the search: every combination. */
const TEMPERATURES = [0.4, 0.5, 0.6, 0.7] as const;
const WORD_TEMPERATURES = [0.8, 1, 1.2] as const;
const MIN_PS = [0, 0.05] as const;
/** Settings of the search that the page lists. */
const LISTED = 8;

/**
 * @param data folder of train.txt, valid.txt for the search and test.txt for the table
 * @param count stories of each preset; the search writes half as many of each setting
 * @param out folder of the plot
 */
export async function sampling(data: string, count: number, out: string): Promise<string> {
  const [train, valid, test] = await Promise.all(
    ['train.txt', 'valid.txt', 'test.txt'].map((file) => readFile(join(data, file), 'utf8')),
  );
  const model = await loadModel(MODEL);
  const engine = await createOnnxEngine(model, { capacity: CAPACITY, threads: 2 });
  const storyteller = new Storyteller(model, engine, { maxWaiting: count });
  const yardstick: Yardstick = { lexicon: model.lexicon!, training: new TrainingText(train!) };
  const measured = (settings: Sampling, stories: number) =>
    measureStories(storyteller, model.name, { sampling: settings }, stories, yardstick);

  const human = humanOf(test!, count, yardstick);
  const presets: Group[] = [];
  for (const preset of PRESETS) {
    const name = preset === 'classic' ? `classic ${CLASSIC}` : preset;
    presets.push([name, await measured(samplingOf(preset, CLASSIC), count)]);
  }
  await writeFile(join(out, 'sampling.svg'), measuresPlot(presets, human));

  const [fewer, humanOfSearch] = [Math.ceil(count / 2), humanOf(valid!, Math.ceil(count / 2), yardstick)];
  const found: { readonly settings: Sampling; readonly measures: Measures; readonly far: number }[] = [];
  const ofDefault = textOf(samplingOf(DEFAULT_PRESET, CLASSIC));
  const tried = new Map(
    [...settingsOfSearch(), samplingOf(DEFAULT_PRESET, CLASSIC)].map((one) => [textOf(one), one]),
  );
  for (const [text, settings] of tried) {
    const measures = await measured(settings, fewer);
    found.push({ settings, measures, far: distance(measures, humanOfSearch) });
    console.error(`${text}: ${found.at(-1)!.far.toFixed(3)}`);
  }
  await storyteller.close();
  const sorted = found.toSorted((a, b) => a.far - b.far);
  const rank = sorted.findIndex(({ settings }) => textOf(settings) === ofDefault);
  const rows = sorted
    .filter((_, i) => i < LISTED || i === rank)
    .map(({ settings, measures, far }) => [
      ...[String(settings.wordTemperature), String(settings.temperature), String(settings.minP ?? 0)],
      ...[percent(measures.realWords), measures.distinctRuns.toFixed(3), percent(measures.seenRuns!)],
      ...[measures.sentenceWords.toFixed(1), percent(measures.spoken), far.toFixed(2)],
    ]);
  const [header, ...body] = measuresTable([['human text', human], ...presets], human);
  return `## Sampling presets and human text

Written by \`npm run experiments -- sampling DATA\` on ${machine()}: ${count} stories of each preset by \`${MODEL}\`, ten openings in
turn, beside as many passages of the test text. \`scifi evaluate MODEL test.txt --stories ${count} --train train.txt\`
measures any model so.

${table(header!, body)}

![Differences from human text, in noticeable differences](experiments/sampling.svg)

The search for the default tried ${found.length} settings with all rules, ${fewer} stories each, beside the validation text. The distance is
the mean over eleven measures of the difference from human text, in units of a difference that a reader notices, of which
each counts at most 2. The nearest:

${table(['first letters', 'inside words', 'min-p', 'real words', 'distinct', 'seen', 'sentence', 'spoken', 'distance'], rows)}

The default, \`${DEFAULT_PRESET}\` (${ofDefault}), is number ${rank + 1} of them at ${sorted[rank]!.far.toFixed(2)}; the nearest has ${sorted[0]!.far.toFixed(2)}. With so few stories of each, a
distance is known to about a tenth.
`;
}

function settingsOfSearch(): Sampling[] {
  return TEMPERATURES.flatMap((temperature) =>
    WORD_TEMPERATURES.flatMap((wordTemperature) =>
      MIN_PS.map((minP) => ({ temperature, wordTemperature, ...(minP > 0 ? { minP } : {}), rules: true })),
    ),
  );
}

function textOf({ wordTemperature, temperature, minP = 0 }: Sampling): string {
  return `${wordTemperature} for first letters, ${temperature} inside words, min-p ${minP}`;
}

function humanOf(text: string, count: number, yardstick: Yardstick): Measures {
  const human = measureHuman(text, count, yardstick);
  if (!human) throw new Error('The text has no paragraphs of the length of a story.');
  return human;
}
