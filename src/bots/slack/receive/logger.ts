/**
 * Forwards Bolt's log to the process's logger. At lower levels Bolt logs whole requests with users' text, and
 * the message of an error that is not from one of Slack's libraries may contain one, too.
 */
import type { Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';
import { StoryError } from '../../../errors.ts';

/** Nested errors are followed to this depth. */
const DEPTH_MAX = 4;
/** Codes of errors that Slack's libraries create: their messages contain no request. */
const SLACKS_OWN = /^slack_/;
/** A wrapper of Bolt's and of its OAuth part around an error of any origin. */
const UNKNOWN = /_unknown_error$/;

export function boltLogger(logger: Logger): BoltLogger {
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => logger.warn(fieldsOf(parts), 'Slack'),
    error: (...parts) => logger.error(fieldsOf(parts), 'Slack'),
    setLevel: () => {},
    getLevel: () => 'warn' as LogLevel,
    setName: () => {},
  };
}

/** The texts that Bolt logs, and its errors as codes. Other objects are left out: they may be requests. */
function fieldsOf(parts: readonly unknown[]): Record<string, unknown> {
  const texts = parts.filter((part) => typeof part === 'string');
  const errors = parts.filter((part) => part instanceof Error).flatMap((error) => described(error));
  return {
    ...(texts.length > 0 ? { slack: texts.join(' ') } : {}),
    ...(errors.length > 0 ? { errors } : {}),
  };
}

interface Described {
  readonly name: string;
  /** The code of the library or the system, such as `slack_oauth_invalid_state` or `ECONNREFUSED`. */
  readonly code?: string;
  readonly reason?: string;
}

/** An error and its causes. */
function described(error: unknown, depth = 0): Described[] {
  if (!(error instanceof Error) || depth >= DEPTH_MAX) return [];
  const { code, original, cause, originals } = error as Error & Record<string, unknown>;
  const within = Array.isArray(originals) ? originals : [original ?? cause];
  const isReadable =
    error instanceof StoryError || (SLACKS_OWN.test(String(code)) && !UNKNOWN.test(String(code)));
  const own: Described = {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(isReadable ? { reason: error.message } : {}),
  };
  return [own, ...within.flatMap((one) => described(one, depth + 1))];
}
