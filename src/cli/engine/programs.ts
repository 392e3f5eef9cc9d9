/** Programs that an installation runs: how they are found, and their failures in one line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StoryError } from '../../errors.ts';
import { clearProgress, showProgress } from '../console.ts';

/** Characters of a line of progress. */
const PROGRESS_LENGTH = 100;
/** Output that is kept to explain a failure. */
const KEPT_LENGTH = 100_000;

export interface ProgramRun {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A program ended with another code than 0, or could not be started. */
export class ProgramFailure extends Error {
  /** What it printed, on both of its outputs. */
  readonly output: string;

  constructor(program: string, ending: string, output: string) {
    super(`${program} ${ending}`);
    this.name = 'ProgramFailure';
    this.output = output;
  }
}

/** The path of the first of several programs that is in the PATH; undefined where none is. */
export function findProgram(names: readonly string[]): string | undefined {
  const path = process.env.PATH ?? '';
  for (const name of names) {
    const candidates = name.includes('/')
      ? [name]
      : path.split(delimiter).map((folder) => join(folder, name));
    const found = candidates.find(isProgram);
    if (found) return found;
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end; its last line is shown as progress.
 *
 * @returns what it printed
 * @throws ProgramFailure; an AbortError when the signal ended it
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { folder, signal, environment = process.env }: ProgramRun,
): Promise<string> {
  signal.throwIfAborted();
  // A process group of its own: Ctrl-C reaches it through the signal only, and all of its children with it.
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stop = () => killGroup(child);
  signal.addEventListener('abort', stop);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_LENGTH);
      const line = text
        .trim()
        .split(/[\r\n]+/)
        .at(-1)!;
      if (line) showProgress(line.slice(0, PROGRESS_LENGTH));
    });
  }
  try {
    const ending = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(`cannot be started (${error.message})`));
      child.once('close', (code, killedBy) => {
        if (killedBy) resolve(`was ended by ${killedBy}`);
        else resolve(code === 0 ? undefined : `failed with code ${code}`);
      });
    });
    signal.throwIfAborted();
    if (ending) throw new ProgramFailure(program, ending, output);
    return output;
  } finally {
    signal.removeEventListener('abort', stop);
    clearProgress();
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** An error of an installation: what is missing and how to get it. */
export function missing(sentence: string, cause?: unknown): StoryError {
  return new StoryError('configuration', sentence, { cause });
}

/** The first line that one of several patterns matches, or else the last line. */
export function tellingLine(output: string, ...patterns: readonly RegExp[]): string {
  const lines = output
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean);
  for (const pattern of patterns) {
    const line = lines.find((one) => pattern.test(one));
    if (line) return line;
  }
  return lines.at(-1) ?? 'it printed nothing';
}

/** Sentences for failures that any program can have; undefined for others. */
export function commonRefusal(output: string, folder: string): StoryError | undefined {
  if (/No space left on device|ENOSPC|Disk quota exceeded/i.test(output)) {
    return missing(
      `There is no space left for ${folder}. Free some, or set SCIFI_ENGINES to another folder.`,
    );
  }
  return undefined;
}
