/** Parses the command line and runs a command. */
import { Command } from 'commander';
import project from '../../package.json' with { type: 'json' };
import { addBlock } from './block.ts';
import { addCompletion } from './completion.ts';
import { complain, complainAtLength, print } from './console.ts';
import { addCorpus } from './corpus.ts';
import { addDiscord } from './discord.ts';
import { addDoctor } from './doctor.ts';
import { addEngine } from './engine.ts';
import { addEvaluate } from './evaluate.ts';
import { explain } from './explain.ts';
import { addModel } from './model.ts';
import { addReport } from './report.ts';
import { addRoles } from './roles.ts';
import { addShare } from './share.ts';
import { addTrain } from './train.ts';
import { addWrite } from './write.ts';

const DETAILED_LEVELS: readonly (string | undefined)[] = ['debug', 'trace'];

/** All commands and their options. */
export function createProgram(): Command {
  const program = new Command('scifi')
    .description('Write Me A Sci-Fi: science fiction on demand, written by a character-level LSTM.')
    .version(project.version)
    .showHelpAfterError('(--help lists the commands and options)')
    .configureOutput({ writeOut: print, writeErr: complainAtLength, outputError })
    .exitOverride();
  addRoles(program);
  addWrite(program);
  addCorpus(program);
  addTrain(program);
  addEvaluate(program);
  addModel(program);
  addEngine(program);
  addDiscord(program);
  addBlock(program);
  addShare(program);
  addReport(program);
  addDoctor(program);
  addCompletion(program);
  // Set on every command: a subcommand's parse errors must end in the same way.
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Commander's sentence in one line, for any input; its own suggestion is printed in a second one. */
function outputError(text: string): void {
  const [, sentence, suggestion] = /^(.*?)(\n\(Did you mean [^\n]*\))?\n*$/s.exec(text)!;
  complain(sentence!);
  if (suggestion) complain(suggestion.slice(1));
}

/**
 * Runs one command; its output goes to standard output and standard error.
 *
 * @param args the words after `scifi`
 * @returns the exit code: 0, 2 for a mistake of the user who typed them, 130 after Ctrl-C, 1 for anything
 *   else
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return explain(error, isDetailed());
  }
}

/** Whether a defect is to be shown with its stack. */
export function isDetailed(): boolean {
  return DETAILED_LEVELS.includes(process.env.LOG_LEVEL);
}
