/** `evaluate --stories`: compares a model's stories with human text. */
import { writeFile } from 'node:fs/promises';
import { StoryError } from '../errors.ts';
import type { Engine } from '../generator/engines/engine.ts';
import type { Model } from '../generator/model/model.ts';
import { Storyteller } from '../generator/storyteller.ts';
import { PRESETS, type Preset } from '../story/story.ts';
import { ownCommand } from '../terminal.ts';
import { distance } from '../workshop/evaluation/measures.ts';
import {
  type Group,
  measureHuman,
  measureStories,
  measuresPlot,
  measuresTable,
  STORY_LENGTH,
} from '../workshop/evaluation/stories.ts';
import { TrainingText } from '../workshop/evaluation/training-text.ts';
import { print } from './console.ts';
import { readText } from './options.ts';

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
  /** File for a plot as SVG; undefined for none. */
  readonly plot: string | undefined;
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
  { count, presets, temperature, train, json, plot }: StoriesOptions,
): Promise<void> {
  const { lexicon } = model;
  if (!lexicon) {
    throw new StoryError(
      'bad_request',
      `The model ${model.name} has no lexicon to check its words against. Create one with \`${ownCommand(['model', 'lexicon'])}\`.`,
    );
  }
  const training = train === undefined ? undefined : new TrainingText(await readText(train));
  const yardstick = { lexicon, training };
  const human = measureHuman(text, count, yardstick);
  if (!human) {
    throw new StoryError(
      'bad_request',
      `The text has no passages of ${STORY_LENGTH} characters to compare with. Give a longer one.`,
    );
  }
  const storyteller = new Storyteller(model, engine, { maxWaiting: count });
  const stories: Group[] = [];
  for (const preset of presets) {
    const manner = { preset, temperature };
    stories.push([preset, await measureStories(storyteller, model.name, manner, count, yardstick)]);
  }
  const groups: Group[] = [['human text', human], ...stories];
  print(linesOf(measuresTable(groups, human)));
  if (json !== undefined) {
    const figures = Object.fromEntries(
      groups.map(([name, measures]) => [name, { ...measures, fromHuman: distance(measures, human) }]),
    );
    await writeFile(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
  if (plot !== undefined) await writeFile(plot, measuresPlot(stories, human));
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

function linesOf(table: readonly (readonly string[])[]): string {
  const width = 12;
  return table
    .map(([name, ...cells]) => `${name!.padEnd(30)}${cells.map((cell) => cell.padStart(width)).join('')}\n`)
    .join('');
}
