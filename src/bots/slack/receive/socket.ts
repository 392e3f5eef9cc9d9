/**
 * Socket Mode in which a lost connection never ends the process: when Slack rejects a token that it accepted
 * before, Bolt's own client rejects a promise that no caller awaits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
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
