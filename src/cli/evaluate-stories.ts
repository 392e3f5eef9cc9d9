/** `evaluate --stories`: compares a model's stories with human text. */
import { writeFile } from 'node:fs/promises';
import { StoryError } from '../errors.ts';
import type { Engine } from '../generator/engines/engine.ts';
import type { Model } from '../generator/model/model.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { PRESETS, type Preset } from '../story/story.ts';
import { ownCommand } from '../terminal.ts';
import {
  cutPassages,
  distance,
  LIMITS,
  type Measures,
  measure,
  type Passage,
} from '../workshop/evaluation/measures.ts';
import { TrainingText } from '../workshop/evaluation/training-text.ts';
import { print } from './console.ts';
import { readText } from './options.ts';

/** Openings of many kinds: narration, speech, a heading, a name, a first person. */
const OPENINGS = [
  'It all began with',
  'The ship had been drifting for eleven days when',
  '"Captain," said the robot, "',
  'On Mars, nobody',
  'Dr. Hale opened the door of the laboratory and',
  'She had never seen the Earth before.',
  'In the year 2187 the government decided',
  'The alien looked at him and',
  'I\n\nThe Green Star\n\n',
  "I don't know how to tell you this, but",
] as const;
const LENGTH = 1_200;

export interface StoriesOptions {
  /** Stories of each preset. */
  readonly count: number;
  readonly presets: readonly Preset[];
  /** Temperature of the preset `classic`. */
  readonly temperature: number;
  /** File of the text that the model was trained on; undefined to omit the measures that need it. */
  readonly train: string | undefined;
  /** File for the figures as JSON; undefined for none. */
  readonly json: string | undefined;
}

/**
 * Generates stories with each preset and prints their measures beside those of human text.
 *
 * @param text human text that the model was not trained on
 * @throws StoryError `bad_request` when the model has no lexicon or the text no passages
 */
export async function evaluateStories(
  engine: Engine,
  model: Model,
  text: string,
  { count, presets, temperature, train, json }: StoriesOptions,
): Promise<void> {
  const { lexicon } = model;
  if (!lexicon) {
    throw new StoryError(
      'bad_request',
      `The model ${model.name} has no lexicon to check its words against. Create one with \`${ownCommand(['model', 'lexicon'])}\`.`,
    );
  }
  const passages = cutPassages(text, count, LENGTH);
  if (passages.length === 0) {
    throw new StoryError(
      'bad_request',
      `The text has no passages of ${LENGTH} characters to compare with. Give a longer one.`,
    );
  }
  const training = train === undefined ? undefined : new TrainingText(await readText(train));
  const storyteller = new Storyteller(model, engine, { maxWaiting: count });
  const human = measure(passages, lexicon, training);
  const groups: [string, Measures][] = [['human text', human]];
  for (const preset of presets) {
    const stories = await Promise.all(
      Array.from({ length: count }, (_, seed) => tell(storyteller, model.name, preset, temperature, seed)),
    );
    groups.push([preset, measure(stories, lexicon, training)]);
  }
  print(table(groups, human));
  if (json !== undefined) {
    const figures = Object.fromEntries(
      groups.map(([name, measures]) => [name, { ...measures, fromHuman: distance(measures, human) }]),
    );
    await writeFile(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
}

/** @throws StoryError `bad_request` when there is no preset of that name */
export function readPresets(names: string): Preset[] {
  return names.split(',').map((name) => {
    const preset = PRESETS.find((one) => one === name.trim());
    if (!preset) {
      throw new StoryError('bad_request', `There is no preset ${name}. Give some of ${PRESETS.join(', ')}.`);
    }
    return preset;
  });
}

async function tell(
  storyteller: Storyteller,
  model: string,
  preset: Preset,
  temperature: number,
  seed: number,
): Promise<Passage> {
  const prompt = OPENINGS[seed % OPENINGS.length]!;
  const request = { prompt, context: '', preset, temperature, length: LENGTH, seed, model };
  const { text } = await storyteller.tell(request);
  return { text, promptLength: prompt.length };
}

const ROWS: readonly (readonly [string, keyof Measures, (value: number) => string])[] = [
  ['stories', 'stories', String],
  ['characters', 'characters', (value) => value.toFixed(0)],
  ['real words', 'realWords', percent],
  ['4-word runs repeated', 'repeatedRuns', percent],
  ['3-word runs seen in training', 'seenRuns', percent],
  ['distinct 4-word runs', 'distinctRuns', (value) => value.toFixed(3)],
  ['stories with loops', 'loops', percent],
  ['longest copy', 'longestCopy', (value) => (value === 0 ? `< ${LIMITS.shortestCopy}` : String(value))],
  [`copies over ${LIMITS.copy}`, 'copies', percent],
  ['words of a sentence', 'sentenceWords', (value) => value.toFixed(1)],
  ['their spread', 'sentenceSpread', (value) => value.toFixed(1)],
  ['characters of a paragraph', 'paragraphCharacters', (value) => value.toFixed(0)],
  ['spoken', 'spoken', percent],
  ['odd quotation marks', 'oddQuotes', percent],
  ['names', 'names', (value) => value.toFixed(1)],
  ['names that return', 'namesAgain', percent],
  ['whole endings', 'wholeEndings', percent],
];

function table(groups: readonly (readonly [string, Measures])[], human: Measures): string {
  const width = 12;
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(30)}${cells.map((cell) => cell.padStart(width)).join('')}\n`;
  const rows = ROWS.map(([name, key, format]) =>
    line(
      name,
      groups.map(([, measures]) => (measures[key] === null ? '-' : format(measures[key]))),
    ),
  );
  const far = groups.map(([, measures]) => distance(measures, human).toFixed(2));
  return (
    line(
      '',
      groups.map(([name]) => name),
    ) +
    rows.join('') +
    line('distance from human text', far)
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
