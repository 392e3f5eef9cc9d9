/**
 * The `scifi` command. Run it as `npm run -s scifi -- COMMAND`; each command lives in `src/cli/`.
 */
import { complain } from './cli/console.ts';
import { ENV_FILE, readEnvFile } from './cli/env-file.ts';
import { explain, FAILURE_EXIT_CODE } from './cli/explain.ts';
import { isDetailed, run } from './cli/run.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has closed the pipe, as `head` does.
    if (error.code === 'EPIPE') process.exit();
    if (stream === process.stdout) {
      complain(
        `Standard output cannot be written (${error.code}). Free some space, and run the command again.`,
      );
    }
    process.exit(FAILURE_EXIT_CODE);
  });
}
// Only a defect reaches this handler, and its report needs the stack.
process.on('uncaughtException', (error) => process.exit(explain(error, true)));
try {
  // An environment variable takes precedence over a line of the file.
  for (const [name, value] of Object.entries(readEnvFile(ENV_FILE)?.values ?? {}))
    process.env[name] ??= value;
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error, isDetailed());
}
