/**
 * The `scifi` command. Run it as `npm run -s scifi -- COMMAND`; each command lives in `src/cli/`.
 */
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addDiscord } from './cli/discord.ts';
import { addDoctor } from './cli/doctor.ts';
import { addEvaluate } from './cli/evaluate.ts';
import { addModel } from './cli/model.ts';
import { addRoles } from './cli/roles.ts';
import { addTrain } from './cli/train.ts';
import { addWrite } from './cli/write.ts';
import { type ErrorCode, StoryError } from './errors.ts';

/** Exit code for a mistake of the person at the keyboard, as opposed to 1 for a defect or a bad day. */
const MISTAKE_EXIT_CODE = 2;
const MISTAKES: readonly ErrorCode[] = ['bad_request', 'configuration', 'model_unavailable'];

async function main(): Promise<void> {
  // Whoever read our output has had enough, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  if (existsSync('.env')) process.loadEnvFile('.env');
  const program = new Command('scifi')
    .description('Write Me A Sci-Fi: science fiction on demand, written by a character-level LSTM.')
    .showHelpAfterError('(--help lists the commands and options)')
    .exitOverride();
  addRoles(program);
  addWrite(program);
  addTrain(program);
  addEvaluate(program);
  addModel(program);
  addDiscord(program);
  addDoctor(program);
  // Set on every command: a subcommand's own mistakes must end in the same way.
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync();
}

main().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Commander has printed its sentence; help that was asked for is no mistake.
    process.exitCode = error.exitCode === 0 ? 0 : MISTAKE_EXIT_CODE;
  } else if (error instanceof StoryError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = MISTAKES.includes(error.code) ? MISTAKE_EXIT_CODE : 1;
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
});
