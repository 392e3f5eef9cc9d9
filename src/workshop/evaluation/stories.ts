/** Stories and passages of human text that are measured beside each other. */
import type { Lexicon } from '../../generator/lexicon.ts';
import type { Storyteller } from '../../generator/storyteller.ts';
import type { Preset, Sampling } from '../../story/story.ts';
import { plot } from '../plot.ts';
import {
  COPY_CHARACTERS,
  cutPassages,
  differences,
  distance,
  type Measures,
  measure,
  type Passage,
} from './measures.ts';
import { SHORTEST_COPY, type TrainingText } from './training-text.ts';

/** Openings of many kinds: narration, speech, a heading, a name, a first person. */
export const OPENINGS = [
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
/** The most characters of a story, its opening included. */
export const STORY_LENGTH = 1_200;

/** A group's name, such as `human text` or a preset's, and its measures. */
export type Group = readonly [name: string, measures: Measures];

/** What measuring needs besides stories. */
export interface Yardstick {
  readonly lexicon: Lexicon;
  /** The text that the model was trained on; undefined to leave out the measures that need it. */
  readonly training: TrainingText | undefined;
}

/** How stories are drawn: by a preset, or by settings that no preset has. */
export type Manner =
  | { readonly preset: Preset; readonly temperature: number }
  | { readonly sampling: Sampling };

/**
 * Writes stories together, one for each seed from 0, and measures them.
 *
 * @param model the model's name
 */
export async function measureStories(
  storyteller: Storyteller,
  model: string,
  manner: Manner,
  count: number,
  { lexicon, training }: Yardstick,
): Promise<Measures> {
  const request = 'preset' in manner ? manner : { temperature: 1 };
  const options = 'sampling' in manner ? { sampling: manner.sampling } : {};
  const stories = await Promise.all(
    Array.from({ length: count }, async (_, seed): Promise<Passage> => {
      const prompt = OPENINGS[seed % OPENINGS.length]!;
      const story = { ...request, prompt, context: '', length: STORY_LENGTH, seed, model };
      const { text } = await storyteller.tell(story, options);
      return { text, promptLength: prompt.length };
    }),
  );
  return measure(stories, lexicon, training);
}

/** The measures of so many passages of human text; undefined where it has none of a story's length. */
export function measureHuman(text: string, count: number, yardstick: Yardstick): Measures | undefined {
  const passages = cutPassages(text, count, STORY_LENGTH);
  return passages.length === 0 ? undefined : measure(passages, yardstick.lexicon, yardstick.training);
}

const ROWS: readonly (readonly [string, keyof Measures, (value: number) => string])[] = [
  ['stories', 'stories', String],
  ['characters', 'characters', (value) => value.toFixed(0)],
  ['real words', 'realWords', percent],
  ['4-word runs repeated', 'repeatedRuns', percent],
  ['3-word runs seen in training', 'seenRuns', percent],
  ['distinct 4-word runs', 'distinctRuns', (value) => value.toFixed(3)],
  ['stories with loops', 'loops', percent],
  ['longest copy', 'longestCopy', (value) => (value === 0 ? `< ${SHORTEST_COPY}` : String(value))],
  [`copies over ${COPY_CHARACTERS}`, 'copies', percent],
  ['words of a sentence', 'sentenceWords', (value) => value.toFixed(1)],
  ['their spread', 'sentenceSpread', (value) => value.toFixed(1)],
  ['characters of a paragraph', 'paragraphCharacters', (value) => value.toFixed(0)],
  ['spoken', 'spoken', percent],
  ['odd quotation marks', 'oddQuotes', percent],
  ['names', 'names', (value) => value.toFixed(1)],
  ['names that return', 'namesAgain', percent],
  ['whole endings', 'wholeEndings', percent],
];

/** A table of all measures: the names of the groups, then a row for each measure and one for the distance. */
export function measuresTable(groups: readonly Group[], human: Measures): string[][] {
  return [
    ['', ...groups.map(([name]) => name)],
    ...ROWS.map(([name, key, format]) => [
      name,
      ...groups.map(([, measures]) => (measures[key] === null ? '-' : format(measures[key]))),
    ]),
    ['distance from human text', ...groups.map(([, measures]) => distance(measures, human).toFixed(2))],
  ];
}

/** Differences beyond this are drawn at it. */
const MOST_SHOWN = 4;

/** A plot of each group's differences from human text, as SVG. */
export function measuresPlot(groups: readonly Group[], human: Measures): string {
  const titles = new Map(ROWS.map(([title, key]) => [key, title]));
  const shown = (value: number) => Math.max(-MOST_SHOWN, Math.min(MOST_SHOWN, value));
  return plot({
    title: `Stories beside human text (${MOST_SHOWN} stands for more)`,
    xNames: [...differences(human, human).keys()].map((key) => titles.get(key)!),
    yLabel: 'noticeable differences',
    scale: 'linear',
    series: groups.map(([name, measures]) => ({
      name,
      points: [...differences(measures, human).values()].map((value, i) => [i, shown(value)] as const),
    })),
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
