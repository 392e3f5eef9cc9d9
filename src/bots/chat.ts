/**
 * A chat platform as seen by the process that serves it. It may be unreachable at the start or later; the
 * page and the other platforms continue meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ErrorCode, StoryError } from '../errors.ts';

export interface Chat {
  /** Why messages from the platform do not arrive at the moment, as a sentence; undefined when they do. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/** How long the process waits for a platform before it starts without it. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Errors after which a start is retried: the platform or the queue is unavailable. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['chat_unavailable', 'queue_unavailable']);

/**
 * Starts a platform. If the platform cannot be reached, this resolves all the same, and the start is retried
 * until it succeeds.
 *
 * @param start rejects with a StoryError `configuration` when the platform refuses the settings; with
 *   anything else
 *   when it may start later
 * @param started called once it has started
 * @throws StoryError `configuration` when the platform refuses the settings at the first attempt
 */
export async function keepStarting<C extends Chat>(
  name: string,
  start: () => Promise<C>,
  started: (chat: C) => void,
  logger: Logger,
): Promise<Chat> {
  const closing = new AbortController();
  let chat: C | undefined;
  let problem: string | undefined = `${name} has not answered yet.`;

  /** Tries once. */
  const attempt = async (): Promise<'started' | 'unavailable'> => {
    try {
      const one = await start();
      if (closing.signal.aborted) await one.close();
      else started(one);
      chat = one;
      return 'started';
    } catch (error) {
      problem = error instanceof StoryError ? error.message : `${name} could not be started.`;
      if (error instanceof StoryError && !PASSING.has(error.code)) throw error;
      // A defect in one platform must not end the page and the other platforms.
      if (!(error instanceof StoryError)) logger.error({ err: error }, problem);
      return 'unavailable';
    }
  };
  const tryAgain = async () => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      logger.warn({ reason: problem }, `${name} is tried again`);
      await sleep(pauseMs, undefined, { signal: closing.signal });
      if ((await attempt()) === 'started') return;
    }
  };
  const goOn = (first: Promise<'started' | 'unavailable'>) => {
    first
      .then((outcome) => (outcome === 'started' ? undefined : tryAgain()))
      .catch((error) => {
        if (!closing.signal.aborted)
          logger.error({ reason: (error as Error).message }, `${name} is given up`);
      });
  };

  const first = attempt();
  const waiting = new AbortController();
  await Promise.race([first, sleep(PATIENCE_MS, undefined, { signal: waiting.signal })]).finally(() =>
    waiting.abort(),
  );
  goOn(first);
  return {
    problem: () => (chat ? chat.problem() : problem),
    async close() {
      closing.abort();
      await chat?.close();
    },
  };
}
