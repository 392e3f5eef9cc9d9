/** The command line of this program, for messages that tell a user what to type. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The name under which `npm link` and `npm install --global` put the program on the PATH. */
const INSTALLED_NAME = /(?:^|[\\/])scifi(?:\.cmd)?$/;
/** Words that no shell needs quoted. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

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
