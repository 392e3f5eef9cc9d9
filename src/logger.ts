/** The log of a process: readable lines on a terminal, JSON otherwise. */
import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino } from 'pino';
import { printableLine, printableText } from './terminal.ts';

/** The colour sequences that pino-pretty writes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the character that colours begin with
const COLOUR = /(\u001b\[[\d;]*m)/;

/** Destination of a log, such as `process.stdout`. */
export type LogOutput = DestinationStream & { readonly isTTY?: boolean; hasColors?(): boolean };

/** @param level one of pino's, or `silent` */
export async function createLogger(level: string, output: LogOutput = process.stdout): Promise<Logger> {
  if (!output.isTTY) return pino({ level, hooks: { streamWrite: printableText } }, output);
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    destination: new Writable({
      write(text: Buffer, _encoding, done) {
        output.write(printableBetweenColours(String(text)));
        done();
      },
    }),
    colorize: output.hasColors?.() ?? false,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    messageFormat: (log, key) => printableLine(String(log[key] ?? '')),
  });
  return pino({ level }, lines);
}

/**
 * The fields beside a message are JSON, which leaves some control characters unescaped that a terminal would
 * interpret.
 */
function printableBetweenColours(text: string): string {
  return text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : printableText(part)))
    .join('');
}
