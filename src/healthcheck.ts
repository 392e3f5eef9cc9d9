/**
 * Health checks for a container. Run as a program it is the image's HEALTHCHECK: it exits with 0 while the
 * container's process is healthy, and otherwise with 1 and a line that states the problem. The check depends on
 * the command that the container runs.
 */
import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { printLine } from './cli/console.ts';
import { localUrl } from './http/address.ts';

/** A worker writes its heartbeat every 5 s. */
const HEARTBEAT_MAX_AGE_MS = 20_000;
const DEFAULT_PORT = 3_000;
/** The script of the program. */
const PROGRAM = /(?:bin\/scifi\.js|src\/cli\.ts)$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Writes the time to a worker's heartbeat file; the check reads its modification time. A failed write counts as
 * a missed heartbeat.
 */
export async function beat(file: string, logger: Logger): Promise<void> {
  try {
    await writeFile(file, new Date().toISOString());
  } catch (error) {
    logger.warn(
      { reason: (error as Error).message },
      'no heartbeat: set SCIFI_HEARTBEAT to a file that can be written',
    );
  }
}

/**
 * Checks the container's process.
 *
 * @param commandLine of its first process, its arguments separated by NUL characters
 * @returns the problem; undefined when there is none, or when the command has no health check
 */
async function problemOf(commandLine: string, environment: Environment): Promise<string | undefined> {
  const words = commandLine.split('\0');
  const role = words[words.findIndex((word) => PROGRAM.test(word)) + 1];
  if (role === 'worker') return heartbeatProblem(environment.SCIFI_HEARTBEAT);
  if (role === 'start' || role === 'bots') return pageProblem(environment);
  return undefined;
}

function heartbeatProblem(file: string | undefined): string | undefined {
  if (!file) return undefined;
  const written = statSync(file, { throwIfNoEntry: false });
  if (!written) return 'the worker has no heartbeat yet: its models are not loaded, or its queue is away';
  const ageMs = Date.now() - written.mtimeMs;
  return ageMs < HEARTBEAT_MAX_AGE_MS
    ? undefined
    : `the last heartbeat was ${Math.round(ageMs / 1_000)} s ago`;
}

async function pageProblem({ SCIFI_HOST, SCIFI_PORT }: Environment): Promise<string | undefined> {
  const host = SCIFI_HOST || '127.0.0.1';
  const url = `${localUrl(host, SCIFI_PORT || DEFAULT_PORT)}/healthz`;
  try {
    const { ok, status } = await fetch(url);
    return ok ? undefined : `${url} answers ${status}`;
  } catch (error) {
    return `${url} cannot be reached: ${(error as { cause?: Error }).cause?.message ?? (error as Error).message}`;
  }
}

if (import.meta.filename === process.argv[1]) {
  const problem = await problemOf(readFileSync(process.argv[2] ?? '/proc/1/cmdline', 'utf8'), process.env);
  if (problem) printLine(problem);
  process.exitCode = problem ? 1 : 0;
}
