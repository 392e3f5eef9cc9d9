/** Converts an error of a command into one line on standard error and an exit code. */
import { CommanderError } from 'commander';
import { type ErrorCode, StoryError } from '../errors.ts';
import { complain, complainAtLength } from './console.ts';

/** A defect, or a temporary failure. */
export const FAILURE_EXIT_CODE = 1;
/** A mistake of the user who typed the command or wrote the settings. */
const MISTAKE_EXIT_CODE = 2;
/** Interrupted by Ctrl-C: 128 and the number of SIGINT. */
export const INTERRUPTED_EXIT_CODE = 130;

const MISTAKES: readonly ErrorCode[] = ['bad_request', 'configuration', 'model_unavailable'];

/** The operating system's error codes in words, and what to do about them. */
const SYSTEM_REFUSALS: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left. Free some, and run the command again',
  EDQUOT: 'the disk quota is used up. Free some space, and run the command again',
  EFBIG: 'the file would become larger than this user may write. Raise the limit (ulimit -f)',
  EROFS: 'the file system is read-only. Choose another folder',
  EACCES: 'this user may not do that. Change the permissions, or choose another folder',
  EPERM: 'this user may not do that. Change the permissions, or choose another folder',
  EIO: 'the device reports an error. Check the disk or the network drive',
  EMFILE: 'too many files are open. Raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine. Close some programs',
  ENOENT: 'there is no such file or folder. Check the path',
  ENOTDIR: 'a part of the path is not a folder. Check the path',
  EISDIR: 'it is a folder. Give a file',
  EEXIST: 'a file or folder of that name exists. Choose another name',
  ENOTEMPTY: 'the folder is not empty. Choose another one',
  ENAMETOOLONG: 'the name is too long. Choose a shorter one',
  ELOOP: 'the links in the path form a circle. Check the path',
  EBUSY: 'another program uses it. Close that one first',
};
/** Longer sentences are cut: a name from a file can be megabytes long. */
const SENTENCE_MAX = 4_000;

/**
 * Prints why a command failed.
 *
 * @param isDetailed whether a defect is shown with its stack
 * @returns the exit code
 */
export function explain(error: unknown, isDetailed = false): number {
  // Commander has printed its sentence; help that the user requested is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISTAKE_EXIT_CODE;
  if (error instanceof StoryError) {
    complain(shortened(error.message));
    return MISTAKES.includes(error.code) ? MISTAKE_EXIT_CODE : FAILURE_EXIT_CODE;
  }
  const refusal = systemRefusal(error);
  complain(shortened(refusal ?? defectSentence(error)));
  if (!refusal && isDetailed && error instanceof Error) complainAtLength(`${error.stack}\n`);
  return FAILURE_EXIT_CODE;
}

/** The sentence for an error of the operating system; undefined for any other error. */
export function systemRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const reason = SYSTEM_REFUSALS[String(error.code)];
  if (reason === undefined) return undefined;
  const [problem, remedy] = reason.split('. ');
  const subject = 'path' in error ? String(error.path) : 'A file or device';
  return `${subject} cannot be used (${error.syscall}, ${error.code}): ${problem}. ${remedy}.`;
}

function defectSentence(error: unknown): string {
  const sentence = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (
    `The command failed unexpectedly: ${sentence}. This is a defect; please report it. ` +
    'Run it again with LOG_LEVEL=debug for the stack.'
  );
}

function shortened(sentence: string): string {
  return sentence.length > SENTENCE_MAX ? `${sentence.slice(0, SENTENCE_MAX)} ...` : sentence;
}
