/** Our roles as real processes, started, killed and restarted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_TIMEOUT_MS = 180_000;
const POLL_MS = 20;

export type Role = 'start' | 'bots' | 'worker';

export interface RoleProcess {
  readonly pid: number;
  /** All of its output. */
  readonly output: () => string;
  /** Resolves with its exit code when it has ended, null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Kills it without warning, like a power cut. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

/** Starts `scifi <role>` and waits until it is ready. */
export async function startRole(
  role: Role,
  env: Readonly<Record<string, string>>,
  preloads?: readonly string[],
): Promise<RoleProcess> {
  const process = spawnRole(role, env, preloads);
  // With `start`, either may come first.
  if (role !== 'worker') await printed(process, /write me a sci-fi: http/, START_TIMEOUT_MS);
  if (role !== 'bots') await printed(process, /storyteller ready/, START_TIMEOUT_MS);
  return process;
}

/**
 * Starts `scifi <role>`.
 *
 * @param preloads modules of `helpers/preload` that are loaded before anything else
 */
export function spawnRole(
  role: Role,
  env: Readonly<Record<string, string>>,
  preloads: readonly string[] = [],
): RoleProcess {
  const loaded = preloads.map((name) => new URL(`./preload/${name}.ts`, import.meta.url).href);
  const imports = loaded.length > 0 ? ['tsx', ...loaded] : [];
  const args = imports.flatMap((one) => ['--import', one]);
  const child: ChildProcess = spawn(process.execPath, [...args, 'bin/scifi.js', role], {
    cwd: ROOT,
    // One thread each: tests run in parallel, and threads that wait for one another cost more than they gain.
    env: { ...process.env, NODE_OPTIONS: '', SCIFI_THREADS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const read = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout!.on('data', read);
  child.stderr!.on('data', read);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    signal: (name) => void child.kill(name),
  };
}

/** Waits for a text in a process's output; kills it on a time-out, and rejects if it ends instead. */
export async function printed(process: RoleProcess, what: RegExp, timeoutMs: number): Promise<void> {
  let hasEnded = false;
  process.ended.then(() => {
    hasEnded = true;
  });
  const deadline = performance.now() + timeoutMs;
  while (!what.test(process.output())) {
    if (hasEnded) throw new Error(`It ended with ${await process.ended}: ${process.output()}`);
    if (performance.now() > deadline) {
      await process.kill();
      throw new Error(`It has not said ${what} in time: ${process.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The resident memory of a process in MiB; rejects where the system does not report it. */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024);
}
