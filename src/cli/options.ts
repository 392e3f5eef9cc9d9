/** Parsers of options and arguments that several commands have. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';

/** Parses the number of an option. */
export function numberOption(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Give a number.');
  return number;
}

/** A parser of whole numbers within bounds. */
export function wholeOption(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = numberOption(text);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      `Give a whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}.`,
    );
  };
}

/**
 * Reads a text file that the user named.
 *
 * @throws StoryError `bad_request` when it cannot be read
 */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const sentence = `${path} cannot be read (${cause.code}). Give an existing text file.`;
    throw new StoryError('bad_request', sentence, { cause });
  });
}

/** The path of a model that the user named: a file, a folder, or the name of one in the models folder. */
export function findModel(named: string): string {
  if (existsSync(named)) return named;
  const inFolder = join(readConfig(process.env).modelsFolder, named);
  return existsSync(inFolder) ? inFolder : named;
}
