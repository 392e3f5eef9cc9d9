/** A process that runs commands one after the other, each with a separate environment. See `cli.ts`. */
import { run } from '../../src/cli/run.ts';
import type { Order } from './cli.ts';

// Every command that runs a role listens to signals; here they all run in one process.
process.setMaxListeners(0);
process.on('message', async ({ args, env, isTerminal }: Order) => {
  const outcome = { code: -1, stdout: '', stderr: '' };
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = (chunk: string | Uint8Array) => {
      outcome[stream] += String(chunk);
      return true;
    };
  }
  process.env = { ...env };
  process.stderr.isTTY = isTerminal;
  process.exitCode = 0;
  outcome.code = await run(args);
  process.exitCode = 0;
  Object.assign(process.stdout, { write: writes.stdout });
  Object.assign(process.stderr, { write: writes.stderr });
  process.send!(outcome);
});
