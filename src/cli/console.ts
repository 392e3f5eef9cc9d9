/**
 * What commands say. All of it goes through here (the linter sees to that), and nothing reaches a terminal that it
 * would obey, wherever the text came from.
 */
import { printableLine, printableText } from '../printable.ts';

const CLEAR_LINE = '\r\u001b[K';

/** Prints text to standard output as it is laid out, without adding a line end. */
export function print(text: string): void {
  process.stdout.write(printableText(text));
}

/** Prints one line to standard output; a line end inside of it is escaped. */
export function printLine(line: string): void {
  process.stdout.write(`${printableLine(line)}\n`);
}

/** Prints one line to standard error; a line end inside of it is escaped. */
export function complain(line: string): void {
  process.stderr.write(`${printableLine(line)}\n`);
}

/** Prints text of several lines to standard error, as it is laid out. */
export function complainAtLength(text: string): void {
  process.stderr.write(printableText(text));
}

/** Shows a line on standard error in place of the one before, where a person sees it. */
export function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${printableLine(line)}`);
}

/** Removes the line of progress. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
