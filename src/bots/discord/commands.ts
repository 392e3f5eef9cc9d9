/** The commands as data for Discord, with every choice and bound, so that its client can help. */
import type {
  RESTPostAPIChatInputApplicationCommandsJSONBody as ChatCommand,
  RESTPostAPIContextMenuApplicationCommandsJSONBody as ContextCommand,
} from 'discord.js';
import type { ModelChoice } from '../../story/story.ts';
import type { Command, CommandData, CommandOption } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import { localizedChoice, localizedContinue, localizedText } from './locales/locales.ts';
import type { ChoicePath, TextPath } from './locales/translation.ts';
import { CONTINUE, SCIFI_COMMAND } from './story-command.ts';

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

const EVERYWHERE = {
  integration_types: [INSTALL.server, INSTALL.user],
  contexts: [CONTEXT.server, CONTEXT.botDm, CONTEXT.privateChannel],
};

/** Models beyond this number are not offered: Discord's limit on choices. */
const CHOICES_MAX = 25;
const LABEL_MAX = 100;

export type RegisteredCommand = ChatCommand | ContextCommand;

/** All commands that are registered, in English and in the languages of `locales`. */
export function commandsFor(models: readonly ModelChoice[]): RegisteredCommand[] {
  const offered = models.slice(0, CHOICES_MAX);
  const titles = offered.map(({ title }) => title.slice(0, LABEL_MAX));
  const isUnique = (title: string) => titles.indexOf(title) === titles.lastIndexOf(title);
  const choices = offered.map(({ name, title }, index) => {
    // Discord refuses two choices of one label. Names of models are unique.
    const label = isUnique(titles[index]!) ? title : `${name}: ${title}`;
    return { name: label.slice(0, LABEL_MAX), value: name };
  });
  const story = registered(SCIFI_COMMAND);
  const options = story.options?.map((option) => (option.name === 'model' ? { ...option, choices } : option));
  const continuation = {
    ...EVERYWHERE,
    type: TYPE.message,
    name: CONTINUE,
    ...localizedContinue(),
  } satisfies ContextCommand;
  return [{ ...story, options } as ChatCommand, continuation, ...COMMANDS.map(registered)];
}

function registered({
  name,
  description,
  managers,
  subcommands = [],
  options: own = [],
}: CommandData & Pick<Command, 'managers'>): ChatCommand {
  const where = managers
    ? {
        integration_types: [INSTALL.server],
        contexts: [CONTEXT.server],
        default_member_permissions: MANAGER_PERMISSIONS[managers],
      }
    : EVERYWHERE;
  const options = subcommands.map((one) => {
    const path = `${name} ${one.name}`;
    return {
      type: OPTION.subcommand,
      name: one.name,
      description: one.description,
      ...localizedText(path as TextPath),
      ...(one.options ? { options: one.options.map((option) => optionOf(option, path)) } : {}),
    };
  });
  const all = [...options, ...own.map((option) => optionOf(option, name))];
  const command = {
    ...where,
    type: TYPE.chat,
    name,
    description,
    ...localizedText(name as TextPath),
    ...(all.length > 0 && { options: all }),
  };
  return command as ChatCommand;
}

/** @param owner the names of the command and of the subcommand that have the option */
function optionOf(option: CommandOption, owner: string): object {
  const { type, name, description, required, min, max, choices } = option;
  const [least, greatest] = type === 'text' ? ['min_length', 'max_length'] : ['min_value', 'max_value'];
  return {
    type: OPTION[type],
    name,
    description,
    ...localizedText(`${owner} ${name}` as TextPath),
    ...(required && { required }),
    ...(min !== undefined && { [least!]: min }),
    ...(max !== undefined && { [greatest!]: max }),
    ...(choices && {
      choices: choices.map((choice) => ({
        ...choice,
        ...localizedChoice(`${name} ${choice.value}` as ChoicePath),
      })),
    }),
  };
}
