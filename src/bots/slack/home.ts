/** Help, and the App Home with a user's settings for all requests. */
import type { types } from '@slack/bolt';
import type { QueueConnection } from '../../queue/connection.ts';
import { Settings } from '../../queue/settings.ts';
import { CHOICES } from '../../story/continuations.ts';
import {
  DEFAULT_PRESET,
  type ModelChoice,
  PRESET_DESCRIPTIONS,
  PRESETS,
  type Preset,
  STORY_BOUNDS,
} from '../../story/story.ts';
import { PRESET_CHOICES } from '../commands/preset-option.ts';
import { slackEscaping } from '../text.ts';
import { plain } from './reply/messages.ts';

const ACTION_PREFIX = 'scifi-setting-';
export const ANY_SETTING = /^scifi-setting-(preset|temperature|length|model)$/;
/** The option for the bot's default. */
const DEFAULT = 'default';
const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2];
const LENGTHS = [300, 600, 1_200, 2_400, 4_000, 6_000];
/** Slack's limits. */
const LABEL_MAX = 75;
const OPTIONS_MAX = 100;

export function homeView(models: readonly ModelChoice[], stored: Preferences): types.HomeView {
  // Version 0.1 stored a temperature alone.
  const preferences = stored.temperature === undefined ? stored : { preset: 'classic', ...stored };
  const { temperature, length } = STORY_BOUNDS;
  const select = (
    name: keyof Preferences,
    label: string,
    standard: string,
    choices: readonly [string, string][],
  ) => {
    const options = [[DEFAULT, `Default: ${standard}`] as const, ...choices]
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
      { type: 'section', text: plain('Your settings, for requests that do not give others:') },
      select(
        'preset',
        'Preset',
        DEFAULT_PRESET,
        PRESET_CHOICES.map(({ name, value }) => [value, name]),
      ),
      select(
        'temperature',
        'Temperature of the preset classic',
        String(temperature.default),
        TEMPERATURES.map(pairOf),
      ),
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
  if (value === DEFAULT) {
    // Without a preset there is no use for a temperature, and a temperature means classic.
    if (name === 'preset') return { preset: undefined, temperature: undefined };
    return name ? { [name]: undefined } : undefined;
  }
  const preset = PRESETS.find((known) => known === value);
  if (name === 'preset') {
    return preset && { preset, ...(preset === 'classic' ? {} : { temperature: undefined }) };
  }
  if (name === 'model') return { model: value };
  const number = Number(value);
  if (name === 'temperature' && TEMPERATURES.includes(number))
    return { preset: 'classic', temperature: number };
  if (name === 'length' && LENGTHS.includes(number)) return { length: number };
  return undefined;
}

function pairOf(number: number): [string, string] {
  return [String(number), number.toLocaleString('en')];
}

/** The settings that apply when a request does not override them. */
export interface Preferences {
  readonly preset?: Preset | undefined;
  /** Only with the preset `classic`, or without one. */
  readonly temperature?: number | undefined;
  readonly length?: number;
  readonly model?: string;
}

export class People {
  readonly #settings: Settings<Preferences>;
  readonly #models: readonly ModelChoice[];

  constructor(connection: QueueConnection, models: readonly ModelChoice[]) {
    this.#settings = new Settings(connection, 'slack-people');
    this.#models = models;
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /** A user's settings, without those that are no longer offered. */
  async read(teamId: string, userId: string): Promise<Preferences> {
    const { model, ...others } = (await this.#settings.read(keyOf(teamId, userId))) ?? {};
    return this.#models.some(({ name }) => name === model) ? { ...others, model: model! } : others;
  }

  /** Changes a setting; `undefined` removes it. */
  async change(teamId: string, userId: string, change: Preferences): Promise<Preferences> {
    const all = { ...(await this.read(teamId, userId)), ...change };
    const preferences = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    await this.#settings.write(keyOf(teamId, userId), preferences);
    return preferences;
  }

  async forget(teamId: string, userId: string): Promise<void> {
    await this.#settings.remove(keyOf(teamId, userId));
  }

  /** Deletes the settings of all users of a workspace. */
  async forgetTeam(teamId: string): Promise<void> {
    for (const key of (await this.#settings.all()).keys()) {
      if (key.startsWith(`${teamId}-`)) await this.#settings.remove(key);
    }
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

function keyOf(teamId: string, userId: string): string {
  return `${teamId}-${userId}`;
}

/** The answer to `/scifi help`, and the top of the App Home. */
export function storyHelp(models: readonly ModelChoice[]): string {
  const { temperature, length } = STORY_BOUNDS;
  const names = models.map(({ name, title }) => `\`${name}\` (${slackEscaping.escape(title)})`).join(', ');
  return [
    'Give me an opening, and a neural network continues it: `/scifi It all began with`',
    'Options may stand anywhere: `preset=wild length=800 seed=7 model=scifi`',
    `• \`preset\`: ${PRESETS.map((name) => `\`${name}\` (${PRESET_DESCRIPTIONS[name]})`).join(', ')}; ` +
      `${DEFAULT_PRESET} by default`,
    `• \`temp\` from ${temperature.min}, predictable, to ${temperature.max}, of the preset classic only; ` +
      `${temperature.default} by default`,
    `• \`length\` of the whole story, ${length.min} to ${length.max.toLocaleString('en')} characters; ` +
      `${length.default.toLocaleString('en')} by default`,
    '• `seed`: the same number writes the same story again',
    `• \`model\`: ${names}`,
    `• \`choices=${CHOICES}\`: I offer ${CHOICES} ways to begin, and the one that you choose becomes the story`,
    '• `private` as the first word, or `private=yes`: the story comes in a direct message',
    'Mention me in a channel and I answer in the thread; write to me directly and I answer there; choose ' +
      '*Continue as sci-fi* under any message. Where I cannot write, `/invite` me first.',
    '`/scifi-vote It all began with` lets everyone here choose how the story goes on, and so does *Vote* under a story.',
    '`/scifi-shelf` lists what a channel has written together.',
    '`/scifi-privacy` explains which of your data I keep, `/scifi-forget` deletes it.',
  ].join('\n');
}

/** For a user who asked in a conversation where the bot may not write. */
export function invitation(botUserId: string): string {
  return (
    'I am not in this conversation, so I cannot write here. In a channel, type ' +
    `\`/invite\` <@${botUserId}> and ask again; elsewhere, write to me directly.`
  );
}
