/** The commands as data for Discord, with every choice and bound, so that its client can help. */
import type {
  RESTPostAPIChatInputApplicationCommandsJSONBody as ChatCommand,
  RESTPostAPIContextMenuApplicationCommandsJSONBody as ContextCommand,
} from 'discord.js';
import { type ModelChoice, STORY_BOUNDS } from '../../story/story.ts';
import { LIMIT_NAMES } from '../commands/limits.ts';
import { PROMPT_CHANNEL_BOUNDS } from '../prompt-channels.ts';
import { PART_MAX } from './story-text.ts';

/** Discord's numeric command types. */
const TYPE = { chat: 1, message: 3 } as const;
const OPTION = { group: 1, text: 3, whole: 4, yesNo: 5, user: 6, channel: 7, number: 10 } as const;
const INSTALL = { server: 0, user: 1 } as const;
const CONTEXT = { server: 0, botDm: 1, privateChannel: 2 } as const;
const MANAGE_CHANNELS = String(1 << 4);
const MANAGE_SERVER = String(1 << 5);
const TIME_OUT_MEMBERS = String(1n << 40n);

export const SCIFI = 'scifi';
export const CHANNEL = 'scifi-channel';
export const LIMITS = 'scifi-limits';
export const BLOCK = 'scifi-block';
export const CONTINUE = 'Continue as sci-fi';
export const PRIVACY = 'scifi-privacy';
export const FORGET = 'scifi-forget';

/** Models beyond this number are not offered: Discord's limit on choices. */
const CHOICES_MAX = 25;
const LABEL_MAX = 100;

export type Command = ChatCommand | ContextCommand;

/** All commands that are registered. */
export function commandsFor(models: readonly ModelChoice[]): Command[] {
  const everywhere = {
    integration_types: [INSTALL.server, INSTALL.user],
    contexts: [CONTEXT.server, CONTEXT.botDm, CONTEXT.privateChannel],
  };
  const { temperature, length, seed } = STORY_BOUNDS;
  const choices = models
    .slice(0, CHOICES_MAX)
    .map(({ name, title }) => ({ name: title.slice(0, LABEL_MAX), value: name }));
  const story = {
    ...everywhere,
    type: TYPE.chat,
    name: SCIFI,
    description: 'A neural network goes on with your opening, as science fiction',
    options: [
      {
        type: OPTION.text,
        name: 'prompt',
        description: 'How the story begins, such as: It all began with',
        required: true,
        min_length: 1,
        max_length: PART_MAX,
      },
      {
        type: OPTION.number,
        name: 'temperature',
        description: `From ${temperature.min}, predictable, to ${temperature.max}, wild; ${temperature.default} by itself`,
        min_value: temperature.min,
        max_value: temperature.max,
      },
      {
        type: OPTION.whole,
        name: 'length',
        description: `The most characters of the whole story; ${length.default} by itself`,
        min_value: length.min,
        max_value: length.max,
      },
      {
        type: OPTION.whole,
        name: 'seed',
        description: 'The same seed writes the same story again',
        min_value: seed.min,
        max_value: seed.max,
      },
      { type: OPTION.text, name: 'model', description: 'Who writes', choices },
    ],
  } satisfies ChatCommand;
  const continuation = { ...everywhere, type: TYPE.message, name: CONTINUE } satisfies ContextCommand;
  const privacy = {
    ...everywhere,
    type: TYPE.chat,
    name: PRIVACY,
    description: 'What I keep of you, and for how long',
  } satisfies ChatCommand;
  const forget = {
    ...everywhere,
    type: TYPE.chat,
    name: FORGET,
    description: 'Stop your stories and delete what I keep of you',
  } satisfies ChatCommand;
  return [story, continuation, channelCommand(), limitsCommand(), blockCommand(), privacy, forget];
}

function channelCommand(): ChatCommand {
  const { cooldownSeconds, leastCharacters } = PROMPT_CHANNEL_BOUNDS;
  return {
    integration_types: [INSTALL.server],
    contexts: [CONTEXT.server],
    default_member_permissions: MANAGE_CHANNELS,
    type: TYPE.chat,
    name: CHANNEL,
    description: 'Turn messages of this channel into stories, or see and change what is set',
    options: [
      {
        type: OPTION.group,
        name: 'on',
        description: 'Answer messages here with stories',
        options: [
          {
            type: OPTION.text,
            name: 'messages',
            description: 'Which messages',
            required: true,
            choices: [
              { name: 'every message', value: 'every' },
              { name: 'only those that mention me', value: 'mentions' },
            ],
          },
          {
            type: OPTION.whole,
            name: 'cooldown',
            description: `Seconds before the same person is answered again; ${cooldownSeconds.default} by itself`,
            min_value: cooldownSeconds.min,
            max_value: cooldownSeconds.max,
          },
          {
            type: OPTION.whole,
            name: 'minimum',
            description: `Characters that a message needs; ${leastCharacters.default} by itself`,
            min_value: leastCharacters.min,
            max_value: leastCharacters.max,
          },
          { type: OPTION.yesNo, name: 'threads', description: 'A thread for every story' },
        ],
      },
      {
        type: OPTION.group,
        name: 'daily',
        description: 'Post an opening line every day, for everybody to continue',
        options: [
          {
            type: OPTION.whole,
            name: 'hour',
            description: 'The hour of the day, 0 to 23',
            required: true,
            min_value: 0,
            max_value: 23,
          },
          {
            type: OPTION.text,
            name: 'timezone',
            description: 'Such as Europe/Vienna; UTC by itself',
            max_length: 64,
          },
        ],
      },
      { type: OPTION.group, name: 'status', description: 'What is set here, and what is missing for it' },
      { type: OPTION.group, name: 'off', description: 'No more stories by themselves, and no daily line' },
    ],
  } satisfies ChatCommand;
}

function limitsCommand(): ChatCommand {
  const limit = (name: string, description: string) =>
    ({ type: OPTION.whole, name, description, min_value: 1 }) as const;
  return {
    integration_types: [INSTALL.server],
    contexts: [CONTEXT.server],
    default_member_permissions: MANAGE_SERVER,
    type: TYPE.chat,
    name: LIMITS,
    description: 'How many stories people may ask for in this server: see and change it',
    options: [
      { type: OPTION.group, name: 'show', description: 'What holds in this server' },
      {
        type: OPTION.group,
        name: 'set',
        description: 'Allow fewer than whoever operates me does',
        options: [
          limit(
            LIMIT_NAMES.personAtOnce,
            'Stories that one person may have under way, waiting ones included',
          ),
          limit(LIMIT_NAMES.personHourly, 'Stories that one person may ask for within an hour'),
          limit(LIMIT_NAMES.communityAtOnce, 'Stories that all may have under way together'),
          limit(LIMIT_NAMES.communityHourly, 'Stories that all may ask for together within an hour'),
        ],
      },
      { type: OPTION.group, name: 'reset', description: 'Back to what whoever operates me allows' },
    ],
  } satisfies ChatCommand;
}

function blockCommand(): ChatCommand {
  const targets = [
    { type: OPTION.user, name: 'user', description: 'A user, in this server' },
    { type: OPTION.channel, name: 'channel', description: 'A channel, with its threads' },
  ] as const;
  return {
    integration_types: [INSTALL.server],
    contexts: [CONTEXT.server],
    default_member_permissions: TIME_OUT_MEMBERS,
    type: TYPE.chat,
    name: BLOCK,
    description: 'For whom and where I write no stories in this server: see and change it',
    options: [
      { type: OPTION.group, name: 'list', description: 'Who and what is blocked in this server' },
      {
        type: OPTION.group,
        name: 'add',
        description: 'Write no stories for a user or in a channel',
        options: [...targets],
      },
      { type: OPTION.group, name: 'remove', description: 'Write them again', options: [...targets] },
    ],
  } satisfies ChatCommand;
}
