/**
 * Bolt, made safe to run for months: a lost connection never ends the process, an event is acknowledged when
 * its story is stored, and no text of a user is logged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type App,
  type Logger as BoltLogger,
  type LogLevel,
  type Receiver,
  type ReceiverEvent,
  SocketModeReceiver,
} from '@slack/bolt';
import type { Logger } from 'pino';
import { StoryError } from '../../../errors.ts';
import { ownCommand } from '../../../terminal.ts';
import { loggable } from '../failures.ts';

/** Pause before a rejected connection is requested again: Slack may accept the token again later. */
const REFUSED_PAUSE_MS = 30_000;

export interface Socket {
  readonly receiver: SocketModeReceiver;
  /** Why Slack's events do not arrive at the moment, in a sentence; undefined when they do. */
  problem(): string | undefined;
}

/** A receiver in Socket Mode. Its first connection may fail; later losses are retried without a limit. */
export function openSocket(
  options: ConstructorParameters<typeof SocketModeReceiver>[0],
  logger: Logger,
): Socket {
  const receiver = new SocketModeReceiver(options);
  const { client } = receiver;
  const closing = new AbortController();
  let problem: string | undefined;
  client.on('connected', () => {
    problem = undefined;
  });
  client.on('close', () => {
    problem = 'Slack’s Socket Mode is being connected to again.';
  });
  client.on('disconnecting', () => closing.abort());

  const start = client.start.bind(client);
  let hasStarted = false;
  // Called once by Bolt, and by the client itself after every lost connection.
  client.start = async () => {
    for (;;) {
      try {
        const answer = await start();
        hasStarted = true;
        return answer;
      } catch (error) {
        if (!hasStarted) throw error;
        // The result is no longer used.
        if (closing.signal.aborted) return { ok: false };
        problem = `Slack does not accept SLACK_APP_TOKEN any more. Run \`${ownCommand(['doctor'])}\`.`;
        logger.error(loggable(error), 'Slack refuses another connection');
        await sleep(REFUSED_PAUSE_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };
  return { receiver, problem: () => problem };
}

/** Makes a Bolt receiver acknowledge events late. Listeners acknowledge commands and buttons. */
export function acknowledgeLate<R extends Receiver>(receiver: R): R {
  const init = receiver.init.bind(receiver);
  receiver.init = (app: App) => {
    const processEvent = app.processEvent.bind(app);
    app.processEvent = async (event: ReceiverEvent) => {
      if (event.body.type !== 'event_callback') return processEvent(event);
      await processEvent({ ...event, ack: async () => {} });
      await event.ack();
    };
    init(app);
  };
  return receiver;
}

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
