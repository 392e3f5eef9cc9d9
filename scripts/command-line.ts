/** The command lines of scripts and benchmarks: `--help`, and every mistake in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

const MISTAKE_EXIT_CODE = 2;

/**
 * Reads the options and arguments of this process. Prints `help` for `--help`; for an unknown option or too
 * many arguments prints what is wrong and ends the process.
 *
 * @param help usage, with one line for each option
 * @param mostArguments maximum number of arguments besides options
 */
export function readCommandLine<const Options extends NonNullable<ParseArgsConfig['options']>>(
  help: string,
  options: Options,
  mostArguments = 0,
) {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(help.trim());
    process.exit(0);
  }
  const { values, positionals } = parseOrEnd(options);
  if (positionals.length > mostArguments) endWith(`Unexpected argument ${positionals[mostArguments]}.`);
  return { values, positionals };
}

function parseOrEnd<const Options extends NonNullable<ParseArgsConfig['options']>>(options: Options) {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return endWith((error as Error).message);
  }
}

/** The number of an option; ends the process when it is not above 0. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  return value > 0 && Number.isFinite(value)
    ? value
    : endWith(`Expected ${name} to be above 0, got ${text}.`);
}

/** Ends the process with a mistake of the user who typed the command. */
export function endWith(sentence: string): never {
  console.error(`${sentence}\n(--help lists the options)`);
  process.exit(MISTAKE_EXIT_CODE);
}
