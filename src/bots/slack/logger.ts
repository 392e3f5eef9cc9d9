/** Bolt's log, in ours. What it says at lower levels is whole requests, with people's words in them. */
import type { Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

export function boltLogger(logger: Logger): BoltLogger {
  const sentence = (parts: readonly unknown[]) => parts.filter((part) => typeof part === 'string').join(' ');
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => logger.warn({ slack: sentence(parts) }, 'Slack'),
    error: (...parts) => logger.error({ slack: sentence(parts) }, 'Slack'),
    setLevel: () => {},
    getLevel: () => 'warn' as LogLevel,
    setName: () => {},
  };
}
