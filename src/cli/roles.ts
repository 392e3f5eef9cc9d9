import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Roles } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLogger } from '../logger.ts';
import { complain, print } from './console.ts';
import { ENV_FILE, readEnvFile } from './env-file.ts';

/** The process exits after this time even if closing has not finished. */
export const CLOSE_DEADLINE_MS = 15_000;
const REPEAT_MS = 1_000;

/** `start`, `bots` and `worker`: the roles, together or separately. */
export function addRoles(program: Command): void {
  program
    .command('start')
    .description('run everything in one process: the page, the bots and a generator worker')
    .action(() => run({ bots: true, worker: true }));
  program
    .command('bots')
    .description('run only the page and the bots; needs REDIS_URL')
    .action(() => run({ bots: true, worker: false }));
  program
    .command('worker')
    .description('run only a generator worker; needs REDIS_URL')
    .action(() => run({ bots: false, worker: true }));
}

async function run(roles: Roles): Promise<void> {
  const config = readConfig(process.env);
  const logger = await createLogger(config.logLevel);
  logger.info('starting');
  for (const notice of [...(readEnvFile(ENV_FILE)?.notices ?? []), ...config.notices]) {
    logger.warn({ notice }, 'settings');
  }
  // Loaded here: the other commands need neither queue nor server, and start in half the time.
  const { startRoles } = await import('../app.ts');
  // During the start, and while it waits for its queue, no work is under way: the process may exit at once.
  let stop: (exitCode?: number) => unknown = (exitCode) => process.exit(exitCode);
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  const running = await startRoles(roles, config, logger);
  if (running.url) print(`\n  Computer, write me a sci-fi: ${running.url}\n\n`);
  stop = closeOnce(running.close, logger);
  running.failed.then(async (error) => {
    complain(error.message);
    await stop(1);
  });
  try {
    await running.ready;
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A function that closes at its first call. A later call is a second Ctrl-C and ends the process, unless it
 * follows at once: npm passes on a Ctrl-C that the terminal has sent to every process already.
 */
function closeOnce(close: () => Promise<void>, logger: Logger): (exitCode?: number) => Promise<void> {
  let closingSince: number | undefined;
  return async (exitCode) => {
    if (closingSince !== undefined) {
      if (performance.now() - closingSince > REPEAT_MS) process.exit(1);
      return;
    }
    closingSince = performance.now();
    const deadline = setTimeout(() => {
      logger.error('closing took too long');
      process.exit(1);
    }, CLOSE_DEADLINE_MS);
    await close();
    clearTimeout(deadline);
    if (exitCode !== undefined) process.exit(exitCode);
  };
}
