/** Programs that tests run and that a machine may lack: Debian's `redis-server` and `chromium`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The server that tests run: Redis, unless another server with its protocol is to be tested. */
export const REDIS_SERVER = process.env.TEST_REDIS_SERVER || 'redis-server';

/** The reason to skip tests of a program, or false when it is installed; for node:test's `skip`. */
export function skipWithout(program: string): string | false {
  const found = spawnSync('which', [program]).status === 0;
  return found ? false : `${program} is not installed (Debian: apt-get install ${program})`;
}

/**
 * Ports below the ephemeral range, from which systems take the ports of outgoing connections before a test
 * can use them.
 */
const PORTS = { from: 10_000, to: 32_000 };

/** A free port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Kills it without warning, like a power cut. */
  stop(): Promise<void>;
}

/** Another process may take a port between the check and the listening. */
const PORTS_TRIED = 3;

/**
 * Starts a Redis for the test: on a free port, in memory, deleted by `stop`.
 *
 * @param options further arguments, such as `--requirepass word`; they override the default ones
 */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const { folder, remove } = await temporaryFolder();
  const usual = ['--bind', '127.0.0.1', '--save', '', '--dir', folder, '--maxmemory-policy', 'noeviction'];
  for (let tried = 1; ; tried++) {
    const port = await freePort();
    try {
      const { pid, stop } = await startServer(['--port', String(port), ...usual, ...options]);
      return { url: `redis://127.0.0.1:${port}`, port, pid, stop: () => stop().then(remove) };
    } catch (error) {
      if (tried === PORTS_TRIED || !/already in use/.test((error as Error).message)) throw error;
    }
  }
}

/** Starts `REDIS_SERVER` with these arguments; `stop` kills it. */
export async function startServer(
  args: readonly string[],
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(REDIS_SERVER, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  // The second is the message of a sentinel.
  for (let waited = 0; !/Ready to accept connections|Sentinel ID is/.test(output); waited += 20) {
    if (waited > 10_000 || child.exitCode !== null)
      throw new Error(`${REDIS_SERVER} did not start: ${output}`);
    await sleep(20);
  }
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A folder that is removed by the returned function. */
export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'scifi-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * After this time a test counts what it waits for as lost. Many times what a busy machine takes: only a test that fails
 * waits so long.
 */
export const PATIENCE_MS = 120_000;

/** Waits until `condition` returns a truthy value, and returns that. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    await sleep(10);
  }
}
