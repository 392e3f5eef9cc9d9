/** What a language has to translate. The types are derived from the commands, so that a missing text does not compile. */
import type { TableCommand } from '../../commands/table.ts';
import type { SCIFI_COMMAND } from '../story-command.ts';

type Registered = typeof SCIFI_COMMAND | TableCommand;

type Option<Owner> = Owner extends { readonly options: readonly (infer Each)[] } ? Each : never;
type Subcommand<Owner> = Owner extends { readonly subcommands: readonly (infer Each)[] } ? Each : never;
type Name<Owner> = Owner extends { readonly name: infer Own extends string } ? Own : never;

type OptionPath<Path extends string, Owner> = `${Path} ${Name<Option<Owner>>}`;
type SubcommandPath<Path extends string, Sub> = Sub extends Sub
  ? `${Path} ${Name<Sub>}` | OptionPath<`${Path} ${Name<Sub>}`, Sub>
  : never;
type CommandPath<Each> = Each extends Each
  ? Name<Each> | OptionPath<Name<Each>, Each> | SubcommandPath<Name<Each>, Subcommand<Each>>
  : never;

type Choice<Each> = Each extends {
  readonly name: infer Own extends string;
  readonly choices: readonly { readonly value: infer Value extends string }[];
}
  ? `${Own} ${Value}`
  : never;

/** One command whose names have only the type `string` would permit any text; no translation compiles then. */
type Literal<Path extends string> = string extends Path
  ? 'A command is not declared "as const satisfies Command".'
  : Path;

/** A command, subcommand or option: the names on the way to it, such as `scifi-channel on messages`. */
export type TextPath = Literal<CommandPath<Registered>>;

/** A choice: the name of its option and its value, such as `preset calm`. The titles of models are not translated. */
export type ChoicePath = Literal<Choice<Option<Registered> | Option<Subcommand<Registered>>>>;

/** The commands in one language. Discord requires lower case in names, and no spaces. */
export interface Translation {
  /** The entry in the menu of a message. */
  readonly continue: string;
  readonly texts: Readonly<Record<TextPath, readonly [name: string, description: string]>>;
  readonly choices: Readonly<Record<ChoicePath, string>>;
}
