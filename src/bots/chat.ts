/**
 * A chat platform as the process that serves it sees it: it may be out of reach, at the start or later, and the
 * page and the other platforms go on meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ErrorCode, StoryError } from '../errors.ts';

export interface Chat {
  /** Why people on it are not heard at the moment, in a sentence; undefined when they are. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/** How long the rest of the process waits for a platform before it starts without it. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Why a platform is not started now and may be later: it is away, or the queue is. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['chat_unavailable', 'queue_unavailable']);

/**
 * Starts a platform. Where it cannot be reached, this resolves all the same, and it is tried again for as long as
 * it takes.
 *
 * @param start rejects with a StoryError `configuration` when the platform refuses the settings; with anything else
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

  /** Tries once; whether another attempt may help. */
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
      // A defect in one platform is no reason to end the page and the others.
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
