/** The `scifi` command under test: as a separate process, or many times in one long-lived process. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MODELS = join(ROOT, 'models');
const TSX = ['--import', import.meta.resolve('tsx')];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command for the host process. */
export interface Order {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

function environment(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { PATH: process.env.PATH, LOG_LEVEL: 'silent', SCIFI_MODELS: MODELS, SCIFI_PORT: '0', ...env };
}

/** Runs a command as a process outside the repository, where a developer's own `.env` may lie. */
export function scifi(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder = tmpdir(),
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/scifi.js'), ...args], {
    cwd: folder,
    env: environment(env),
  });
  const outcome = { code: null, stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      outcome[stream] += chunk;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...outcome, code })));
}

/**
 * Runs commands in one process, one after the other: loading the program, its engine and its model costs more
 * than most commands do. For commands that end by themselves. The process starts with the first command.
 */
export class CliHost {
  #started: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param isTerminal whether the command treats its standard error as a terminal */
  run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    isTerminal = false,
  ): Promise<Outcome> {
    const order: Order = { args, env: environment(env), isTerminal };
    const outcome = this.#last.then(async () => {
      const over = new AbortController();
      const ended = once(this.#child, 'exit', over).then(([code]) => {
        throw new Error(`The process of the commands ended with ${code} at \`${args.join(' ')}\`.`);
      });
      const answered = once(this.#child, 'message', over).then(([message]) => message as Outcome);
      this.#child.send(order);
      return Promise.race([answered, ended]).finally(() => {
        ended.catch(() => {});
        over.abort();
      });
    });
    this.#last = outcome.catch(() => {});
    return outcome;
  }

  get #child(): ChildProcess {
    const script = fileURLToPath(new URL('cli-host.ts', import.meta.url));
    this.#started ??= fork(script, { execArgv: TSX, cwd: tmpdir() });
    return this.#started;
  }

  stop(): void {
    // Commands that listened to SIGINT and SIGTERM may still do so.
    this.#started?.kill('SIGKILL');
  }
}
