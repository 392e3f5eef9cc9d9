/**
 * All output of commands goes through here (a lint rule enforces it), so that no text, of any origin, reaches
 * a terminal with sequences that it would interpret.
 */
import { printableLine, printableText } from '../terminal.ts';

const CLEAR_LINE = '\r\u001b[K';

/** Prints text to standard output without adding a line end. */
export function print(text: string): void {
  process.stdout.write(printableText(text));
}

/** Prints text to standard output in one of the terminal's 256 colours; in none without a number. */
export function printColoured(text: string, colour: number | undefined): void {
  if (colour === undefined) print(text);
  else process.stdout.write(`\u001b[48;5;${colour};38;5;16m${printableText(text)}\u001b[0m`);
}

/** Prints one line to standard output; a line end inside it is escaped. */
export function printLine(line: string): void {
  process.stdout.write(`${printableLine(line)}\n`);
}

/** Prints one line to standard error; a line end inside it is escaped. */
export function complain(line: string): void {
  process.stderr.write(`${printableLine(line)}\n`);
}

/** Prints text of several lines to standard error without adding a line end. */
export function complainAtLength(text: string): void {
  process.stderr.write(printableText(text));
}

/** Replaces the progress line on standard error, if that is a terminal. */
export function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${printableLine(line)}`);
}

/** Removes the progress line. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}
