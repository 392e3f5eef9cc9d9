/**
 * The `scifi` command. Run it as `npm run -s scifi -- COMMAND`; each command lives in `src/cli/`.
 */
import { existsSync } from 'node:fs';
import { run } from './cli/run.ts';

// Whoever read our output has had enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
if (existsSync('.env')) process.loadEnvFile('.env');
process.exitCode = await run(process.argv.slice(2));
