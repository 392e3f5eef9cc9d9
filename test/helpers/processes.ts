/**
 * Our own roles as real processes, started, killed and started again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_TIMEOUT_MS = 60_000;

export interface RoleProcess {
  readonly pid: number;
  /** Everything that it has printed. */
  readonly output: () => string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it politely; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `scifi <role>` and waits until it is at work. */
export async function startRole(
  role: 'start' | 'bots' | 'worker',
  env: Readonly<Record<string, string>>,
): Promise<RoleProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', role], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const marker = role === 'bots' ? /write me a sci-fi: http/ : /storyteller ready/;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail('is not at work in time'), START_TIMEOUT_MS);
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${role} ${why}: ${output}`));
    };
    const read = (chunk: Buffer) => {
      output += chunk;
      if (!marker.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', (code) => fail(`ended with ${code}`));
  });
  return {
    pid: child.pid!,
    output: () => output,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
