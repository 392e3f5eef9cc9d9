/**
 * `completion`: shell completion scripts, generated from the commands. They hold all words, so that a press
 * of the Tab key starts no process; where no word matches, the shell completes file names as usual.
 */
import { Argument, type Command } from 'commander';
import { print } from './console.ts';

/** A command as a shell sees it. */
interface CompletedCommand {
  /** Words from the program's name to the command, such as `corpus build`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
}

interface CompletedOption {
  readonly short: string | undefined;
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** zsh runs bash completions after `bashcompinit`; its own completion system may be loaded already. */
const ZSH_PREPARATION =
  '(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }\nautoload -U +X bashcompinit && bashcompinit\n';

const WRITERS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: (commands) => `${ZSH_PREPARATION}${bashScript(commands)}`,
  fish: fishScript,
};

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a shell script that completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(WRITERS)))
    .action((shell: string) => print(WRITERS[shell]!(commandsOf(program))));
}

/** The command and all its subcommands. */
function commandsOf(command: Command, path: readonly string[] = []): CompletedCommand[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  return [
    {
      path: path.join(' '),
      commands: children.map((child) => ({ name: child.name(), description: child.description() })),
      options: help.visibleOptions(command).map((option) => ({
        short: option.short,
        long: option.long!,
        description: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
      })),
    },
    ...children.flatMap((child) => commandsOf(child, [...path, child.name()])),
  ];
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const options = commands.map(({ path, options }) => {
    const flags = options.flatMap(({ short, long }) => (short ? [short, long] : [long]));
    return `      '${path}') words='${flags.join(' ')}' ;;`;
  });
  const names = commands
    .filter(({ commands }) => commands.length > 0)
    .map(({ path, commands }) => `      '${path}') words='${commands.map(({ name }) => name).join(' ')}' ;;`);
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ short, long, choices }) => {
        const patterns = [short, long].filter(Boolean).map((flag) => `'${path} ${flag}'`);
        return `    ${patterns.join('|')}) words='${choices.join(' ')}' ;;`;
      }),
  );
  return `# Completions of scifi. Where no word matches, files are completed.
_scifi() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' words='' i next
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join('|')}) path="$next" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
    *)
      if [[ "$current" == -* ]]; then
        case "$path" in
${options.map((line) => `    ${line}`).join('\n')}
        esac
      else
        case "$path" in
${names.map((line) => `    ${line}`).join('\n')}
        esac
      fi ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _scifi scifi
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, commands, options }) => [
    ...commands.map(
      ({ name, description }) =>
        `complete -c scifi -f -n "__scifi_at '${path}'" -a ${name} -d ${fishText(description)}`,
    ),
    ...options.map(({ short, long, description, takesValue, choices }) =>
      [
        `complete -c scifi -n "__scifi_at '${path}'"`,
        ...(short ? [`-s ${short.slice(1)}`] : []),
        `-l ${long.slice(2)}`,
        ...(choices.length > 0 ? [`-x -a '${choices.join(' ')}'`] : takesValue ? ['-r'] : []),
        `-d ${fishText(description)}`,
      ].join(' '),
    ),
  ]);
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# Completions of scifi. Where no word matches, files are completed.
function __scifi_at --description 'Whether the command line is at that command'
    set -l path ''
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$path $word")
        contains -- "$next" ${paths.join(' ')}; and set path $next
    end
    test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** A description in fish's single quotes, within which only the backslash and the quote are special. */
function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
