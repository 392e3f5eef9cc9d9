/** From words at a terminal to a command, and from what it throws to a sentence and an exit code. */
import { Command, CommanderError } from 'commander';
import project from '../../package.json' with { type: 'json' };
import { type ErrorCode, StoryError } from '../errors.ts';
import { addCorpus } from './corpus.ts';
import { addDiscord } from './discord.ts';
import { addDoctor } from './doctor.ts';
import { addEvaluate } from './evaluate.ts';
import { addModel } from './model.ts';
import { addRoles } from './roles.ts';
import { addTrain } from './train.ts';
import { addWrite } from './write.ts';

/** Exit code for a mistake of the person at the keyboard, as opposed to 1 for a defect or a bad day. */
const MISTAKE_EXIT_CODE = 2;
const MISTAKES: readonly ErrorCode[] = ['bad_request', 'configuration', 'model_unavailable'];

/**
 * Runs one command; what it says goes to standard output and standard error.
 *
 * @param args the words behind `scifi`
 * @returns the exit code: 0, 2 for a mistake of whoever typed them, 1 for anything else
 */
export async function run(args: readonly string[]): Promise<number> {
  const program = new Command('scifi')
    .description('Write Me A Sci-Fi: science fiction on demand, written by a character-level LSTM.')
    .version(project.version)
    .showHelpAfterError('(--help lists the commands and options)')
    .exitOverride();
  addRoles(program);
  addWrite(program);
  addCorpus(program);
  addTrain(program);
  addEvaluate(program);
  addModel(program);
  addDiscord(program);
  addDoctor(program);
  // Set on every command: a subcommand's own mistakes must end in the same way.
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): number {
  // Commander has printed its sentence; help that was asked for is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISTAKE_EXIT_CODE;
  if (error instanceof StoryError) {
    process.stderr.write(`${error.message}\n`);
    return MISTAKES.includes(error.code) ? MISTAKE_EXIT_CODE : 1;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
