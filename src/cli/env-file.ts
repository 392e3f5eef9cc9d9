/** The settings in a file, in any Unicode encoding that an editor may have used. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { StoryError } from '../errors.ts';

/** The file of settings, in the folder that the command is run in. */
export const ENV_FILE = '.env';

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /**
   * Corrections made, and lines that are no assignment; each a sentence without a value, which may be a
   * secret.
   */
  readonly notices: readonly string[];
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

const ENCODING_NAMES: Readonly<Record<Encoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
};
/** A comment, an empty line, or the beginning of an assignment. */
const LINE = /^\s*(?:#.*)?$|^\s*(?:export\s+)?[\w.-]+\s*=/;

/**
 * Reads a file of settings.
 *
 * @returns undefined where there is no such file
 * @throws StoryError `configuration` that says why it cannot be read
 */
export function readEnvFile(path: string): EnvFile | undefined {
  const bytes = read(path);
  if (!bytes) return undefined;
  const notices: string[] = [];
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') {
    notices.push(
      `${path} is ${ENCODING_NAMES[encoding]}, and was read as that. Save it as UTF-8 for other programs.`,
    );
  }
  const text = decode(path, bytes, encoding).replace(/\r\n?/g, '\n');
  const lines = text.split('\n');
  for (const [index, line] of unquoted(text).split('\n').entries()) {
    if (LINE.test(line)) continue;
    notices.push(`${path}, line ${index + 1} is no setting: expected NAME=value.`);
    // The parser would treat it as the beginning of the next line's name.
    lines[index] = '';
  }
  return { values: parseEnv(lines.join('\n')) as Record<string, string>, notices };
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const problem =
      code === 'EISDIR'
        ? 'is a folder. Remove it, or put a file in its place'
        : `cannot be read (${code}). Make it readable`;
    throw new StoryError('configuration', `${path} ${problem}: settings are read from it.`, { cause });
  }
}

/** By the byte-order mark; without one, by the zero bytes that Latin letters have in UTF-16. */
function encodingOf(bytes: Buffer): Encoding {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (second === 0 && first !== 0) return 'utf-16le';
  return first === 0 && second !== 0 && second !== undefined ? 'utf-16be' : 'utf-8';
}

function decode(path: string, bytes: Buffer, encoding: Encoding): string {
  try {
    // The decoder drops a byte-order mark.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StoryError(
      'configuration',
      `${path} is not ${ENCODING_NAMES[encoding]} text. Save it again as UTF-8: settings are read from it.`,
      { cause },
    );
  }
}

/** The text without quoted values that span several lines. */
function unquoted(text: string): string {
  return text.replace(/=\s*(["'`])[^"'`]*?\1/g, (value) => `=${'\n'.repeat(value.split('\n').length - 1)}`);
}
