/** Discord's validation of commands, and what its client shows of them in a language. */
import { Locale } from 'discord.js';
import { INVALID_FORM } from './refusals.ts';

type Localizations = Readonly<Record<string, string>>;

interface Named {
  name: string;
  name_localizations?: Localizations;
}

interface Described extends Named {
  description: string;
  description_localizations?: Localizations;
}

/** A command, a subcommand or an option. */
interface CommandInput extends Described {
  type?: number;
  required?: boolean;
  choices?: (Named & { value: string | number })[];
  options?: CommandInput[];
  max_length?: number;
}

const LOCALES = Object.values(Locale);
const SUBCOMMAND = 1;
const NAME = /^[-_\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const DESCRIPTION_MAX = 100;
const CHOICE_MAX = 100;
const MENU_NAME_MAX = 32;
const OPTIONS_MAX = 25;
const TEXT_OPTION_MAX = 6_000;
/** Of all names, descriptions and values of a command; of a localized field, the longest text counts. */
const COMMAND_MAX = 8_000;

/** Validates the commands of a registration. */
export function checkCommands(input: unknown, isGlobal = true): Record<string, unknown>[] {
  if (!Array.isArray(input)) throw INVALID_FORM('expected a list of commands');
  for (const type of [1, 3]) checkDistinct(input.filter((command) => (command.type ?? 1) === type));
  for (const command of input) {
    const { type = 1, description, options } = command;
    if (!isGlobal && ('contexts' in command || 'integration_types' in command)) {
      throw INVALID_FORM('contexts and integration_types are for global commands');
    }
    if (type === 1) {
      checkDescribed(command);
      checkOptions(options ?? []);
      const size = sizeOf(command);
      if (size > COMMAND_MAX) throw INVALID_FORM(`${command.name}: APPLICATION_COMMAND_TOO_LARGE, ${size}`);
    } else if (type === 3) {
      if (description || options) throw INVALID_FORM(`message command ${command.name}`);
      for (const text of textsOf(command.name, command.name_localizations)) {
        checkLength('name', text, MENU_NAME_MAX);
      }
    } else throw INVALID_FORM(`type ${type}`);
  }
  return input;
}

function checkOptions(options: readonly CommandInput[]): void {
  if (options.length > OPTIONS_MAX) throw INVALID_FORM('options: at most 25');
  checkDistinct(options);
  let isOptional = false;
  for (const option of options) {
    checkDescribed(option);
    if (option.required && isOptional) throw INVALID_FORM('required options come first');
    isOptional = !option.required;
    const { choices = [] } = option;
    if (choices.length > OPTIONS_MAX) throw INVALID_FORM('choices: at most 25');
    checkDistinct(choices);
    for (const { name, name_localizations } of choices) {
      for (const text of textsOf(name, name_localizations)) checkLength('choice', text, CHOICE_MAX);
    }
    if ((option.max_length ?? 1) > TEXT_OPTION_MAX) throw INVALID_FORM('max_length: at most 6000');
    if (option.type === SUBCOMMAND) checkOptions(option.options ?? []);
  }
}

function checkDescribed({
  name,
  name_localizations,
  description,
  description_localizations,
}: Described): void {
  for (const text of textsOf(name, name_localizations)) {
    if (!NAME.test(text) || text !== text.toLowerCase()) throw INVALID_FORM(`name ${text}`);
  }
  for (const text of textsOf(description, description_localizations)) {
    checkLength('description', text, DESCRIPTION_MAX);
  }
}

/** In every language, siblings have different names; English stands for a name that is not localized. */
function checkDistinct(siblings: readonly Named[]): void {
  for (const locale of LOCALES) {
    const names = siblings.map(({ name, name_localizations }) => name_localizations?.[locale] ?? name);
    if (new Set(names).size < names.length) {
      throw INVALID_FORM(`APPLICATION_COMMANDS_DUPLICATE_NAME in ${locale}: ${names.join(', ')}`);
    }
  }
}

function checkLength(field: string, text: unknown, most: number): void {
  if (typeof text === 'string' && text.length >= 1 && text.length <= most) return;
  throw INVALID_FORM(`${field}: 1 to ${most} characters, got ${String(text)}`);
}

/** The text of a field in all languages. */
function textsOf(text: string, localizations: Localizations = {}): string[] {
  for (const locale of Object.keys(localizations)) {
    if (!LOCALES.includes(locale as Locale)) throw INVALID_FORM(`localizations: unknown locale ${locale}`);
  }
  return [text, ...Object.values(localizations)];
}

/** The characters of a command, as Discord limits them. */
export function sizeOf(command: CommandInput): number {
  const longest = (text: string, localizations?: Localizations) =>
    Math.max(...textsOf(text, localizations).map(({ length }) => length));
  const {
    name,
    name_localizations,
    description,
    description_localizations,
    choices = [],
    options = [],
  } = command;
  return (
    longest(name, name_localizations) +
    longest(description, description_localizations) +
    choices.reduce((sum, one) => sum + longest(one.name, one.name_localizations) + `${one.value}`.length, 0) +
    options.reduce((sum, option) => sum + sizeOf(option), 0)
  );
}

/** Commands as Discord's client shows them in a language, and as the API returns them without `with_localizations`. */
export function shownIn<Shown extends object>(commands: readonly Shown[], locale: string): Shown[] {
  return commands.map((given) => {
    const { name_localizations, description_localizations, ...one } = given as Shown & Partial<CommandInput>;
    const name = name_localizations?.[locale];
    const description = description_localizations?.[locale];
    return {
      ...one,
      ...(name === undefined ? {} : { name_localized: name }),
      ...(description === undefined ? {} : { description_localized: description }),
      ...(one.choices === undefined ? {} : { choices: shownIn(one.choices, locale) }),
      ...(one.options === undefined ? {} : { options: shownIn(one.options, locale) }),
    } as unknown as Shown;
  });
}
