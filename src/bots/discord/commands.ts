/** The commands as data for Discord, with every choice and bound, so that its client can help. */
import type {
  RESTPostAPIChatInputApplicationCommandsJSONBody as ChatCommand,
  RESTPostAPIContextMenuApplicationCommandsJSONBody as ContextCommand,
} from 'discord.js';
import { DEFAULT_PRESET, type ModelChoice, STORY_BOUNDS } from '../../story/story.ts';
import type { Command, CommandOption } from '../commands/command.ts';
import { PRESET_CHOICES } from '../commands/preset-option.ts';
import { COMMANDS } from '../commands/table.ts';
import { PART_MAX } from './messages.ts';

/** Discord's numeric command types. */
const TYPE = { chat: 1, message: 3 } as const;
const OPTION = {
  subcommand: 1,
  text: 3,
  whole: 4,
  'yes or no': 5,
  user: 6,
  channel: 7,
  number: 10,
} as const;
const INSTALL = { server: 0, user: 1 } as const;
const CONTEXT = { server: 0, botDm: 1, privateChannel: 2 } as const;
/** The permissions whose members see a command by default; a server can change that. */
const MANAGER_PERMISSIONS = {
  channels: String(1 << 4), // Manage Channels
  server: String(1 << 5), // Manage Server
  members: String(1n << 40n), // Time Out Members
} as const;

export const SCIFI = 'scifi';
export const CONTINUE = 'Continue as sci-fi';

const EVERYWHERE = {
  integration_types: [INSTALL.server, INSTALL.user],
  contexts: [CONTEXT.server, CONTEXT.botDm, CONTEXT.privateChannel],
};

/** Models beyond this number are not offered: Discord's limit on choices. */
const CHOICES_MAX = 25;
const LABEL_MAX = 100;

export type RegisteredCommand = ChatCommand | ContextCommand;

/** All commands that are registered. */
export function commandsFor(models: readonly ModelChoice[]): RegisteredCommand[] {
  const { temperature, length, seed } = STORY_BOUNDS;
  const choices = models
    .slice(0, CHOICES_MAX)
    .map(({ name, title }) => ({ name: title.slice(0, LABEL_MAX), value: name }));
  const story = {
    ...EVERYWHERE,
    type: TYPE.chat,
    name: SCIFI,
    description: 'A neural network continues your opening as science fiction',
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
        type: OPTION.text,
        name: 'preset',
        description: `How characters are sampled; ${DEFAULT_PRESET} by default`,
        choices: [...PRESET_CHOICES],
      },
      {
        type: OPTION.number,
        name: 'temperature',
        description: `Of the preset classic: ${temperature.min}, predictable, to ${temperature.max}; ${temperature.default} by default`,
        min_value: temperature.min,
        max_value: temperature.max,
      },
      {
        type: OPTION.whole,
        name: 'length',
        description: `The most characters of the whole story; ${length.default} by default`,
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
      { type: OPTION.text, name: 'model', description: 'The model that writes', choices },
      {
        type: OPTION['yes or no'],
        name: 'private',
        description: 'Only you see the story, in one message, which grows for 15 minutes at most',
      },
    ],
  } satisfies ChatCommand;
  const continuation = { ...EVERYWHERE, type: TYPE.message, name: CONTINUE } satisfies ContextCommand;
  return [story, continuation, ...COMMANDS.map(registered)];
}

function registered({
  name,
  description,
  managers,
  subcommands = [],
  options: own = [],
}: Command): ChatCommand {
  const where = managers
    ? {
        integration_types: [INSTALL.server],
        contexts: [CONTEXT.server],
        default_member_permissions: MANAGER_PERMISSIONS[managers],
      }
    : EVERYWHERE;
  const options = subcommands.map((one) => ({
    type: OPTION.subcommand,
    name: one.name,
    description: one.description,
    ...(one.options ? { options: one.options.map(optionOf) } : {}),
  }));
  const all = [...options, ...own.map(optionOf)];
  const command = {
    ...where,
    type: TYPE.chat,
    name,
    description,
    ...(all.length > 0 && { options: all }),
  };
  return command as ChatCommand;
}

function optionOf({ type, name, description, required, min, max, choices }: CommandOption): object {
  const [least, greatest] = type === 'text' ? ['min_length', 'max_length'] : ['min_value', 'max_value'];
  return {
    type: OPTION[type],
    name,
    description,
    ...(required && { required }),
    ...(min !== undefined && { [least!]: min }),
    ...(max !== undefined && { [greatest!]: max }),
    ...(choices && { choices }),
  };
}
