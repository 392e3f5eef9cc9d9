/**
 * What a terminal shows: external text is made safe to print, and commands are written so that they can be
 * pasted. A file's name, a title, a model's card or a server's name may hold sequences that a terminal
 * interprets (colours, titles, the clipboard) and characters that reorder or hide the text around them.
 */

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The name under which `npm link` and `npm install --global` put the program on the PATH. */
const INSTALLED_NAME = /(?:^|[\\/])scifi(?:\.cmd)?$/;
/** Words that no shell needs quoted. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/**
 * Control characters, format characters and lone surrogates. Not the joiners U+200C and U+200D, which
 * spelling and emoji need.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same, without the line ends and tabs of a multi-line text. */
const UNPRINTABLE_IN_TEXT = new RegExp(String.raw`(?!\n|\t|\r\n)${UNPRINTABLE.source}`, 'gu');

/**
 * The text in one line: every character that a terminal would interpret is shown as `\u001b`, line ends
 * included.
 */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for a text of several lines, which keeps its line ends and tabs. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE_IN_TEXT, escaped);
}

/** JSON's escape form, so that an escaped line of a log still parses to the logged value. */
function escaped(character: string): string {
  let escapes = '';
  for (let unit = 0; unit < character.length; unit++) {
    escapes += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escapes;
}

/** How this process was started: its script and working folder. */
export interface Invocation {
  /** The script, as the shell named it. */
  readonly script: string | undefined;
  readonly workingFolder: string;
}

/**
 * A command that works when it is pasted into the shell that started this process: the installed `scifi`, the
 * script of the checkout in its folder, or else the path of the program.
 *
 * @param words as they reach the program; they are quoted where the shell needs it
 */
export function ownCommand(
  words: readonly string[],
  { script, workingFolder }: Invocation = { script: process.argv[1], workingFolder: process.cwd() },
): string {
  const quoted = words.map(shellWord);
  if (INSTALLED_NAME.test(script ?? '')) return ['scifi', ...quoted].join(' ');
  if (resolve(workingFolder) === resolve(ROOT)) return ['npm run -s scifi --', ...quoted].join(' ');
  return [shellWord(resolve(ROOT, 'bin/scifi.js')), ...quoted].join(' ');
}

/** A word quoted for a POSIX shell. */
function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
