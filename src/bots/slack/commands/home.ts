/** The App Home: help, and a user's settings. Pure. */
import type { types } from '@slack/bolt';
import type { ModelChoice } from '../../../story/story.ts';
import { STORY_BOUNDS } from '../../../story/story.ts';
import { plain } from '../reply/story-text.ts';
import { storyHelp } from './help.ts';
import type { Preferences } from './people.ts';

const ACTION_PREFIX = 'scifi-setting-';
export const ANY_SETTING = /^scifi-setting-(temperature|length|model)$/;
/** The option for the bot's default. */
const BY_ITSELF = 'default';
const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2];
const LENGTHS = [300, 600, 1_200, 2_400, 4_000, 6_000];
/** Slack's limits. */
const LABEL_MAX = 75;
const OPTIONS_MAX = 100;

export function homeView(models: readonly ModelChoice[], preferences: Preferences): types.HomeView {
  const { temperature, length } = STORY_BOUNDS;
  const select = (
    name: keyof Preferences,
    label: string,
    standard: string,
    choices: readonly [string, string][],
  ) => {
    const options = [[BY_ITSELF, `By itself: ${standard}`] as const, ...choices]
      .slice(0, OPTIONS_MAX)
      .map(([value, text]) => ({ text: plain(text.slice(0, LABEL_MAX)), value }));
    const chosen = options.find(({ value }) => value === String(preferences[name])) ?? options[0]!;
    return {
      type: 'section',
      text: plain(label),
      accessory: {
        type: 'static_select',
        action_id: ACTION_PREFIX + name,
        options,
        initial_option: chosen,
      },
    } satisfies types.SectionBlock;
  };
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plain('Computer, write me a sci-fi') },
      { type: 'section', expand: true, text: { type: 'mrkdwn', text: storyHelp(models) } },
      { type: 'divider' },
      { type: 'section', text: plain('What holds for you where you ask for nothing else:') },
      select('temperature', 'Temperature', String(temperature.default), TEMPERATURES.map(pairOf)),
      select('length', 'Length in characters', length.default.toLocaleString('en'), LENGTHS.map(pairOf)),
      select(
        'model',
        'Model',
        models[0]!.title,
        models.map(({ name, title }) => [name, title]),
      ),
    ],
  };
}

/** A user's choice in the App Home; undefined when it is not one of the options. */
export function readChoice(actionId: string, value: string): Preferences | undefined {
  const name = ANY_SETTING.exec(actionId)?.[1];
  if (value === BY_ITSELF) return name ? { [name]: undefined } : undefined;
  if (name === 'model') return { model: value };
  const number = Number(value);
  if (name === 'temperature' && TEMPERATURES.includes(number)) return { temperature: number };
  if (name === 'length' && LENGTHS.includes(number)) return { length: number };
  return undefined;
}

function pairOf(number: number): [string, string] {
  return [String(number), number.toLocaleString('en')];
}
