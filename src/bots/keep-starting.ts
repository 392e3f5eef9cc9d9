/**
 * Starts a chat platform, which may be unreachable at the start; the page and the other platforms continue
 * meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ErrorCode, StoryError } from '../errors.ts';

/** The part of a running platform that its process needs. */
export interface Startable {
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
 * until it succeeds. p-retry is not used, because it gives up at a `TypeError`.
 *
 * @param start rejects with a StoryError `configuration` when the platform refuses the settings; with
 *   anything else when it may start later
 * @param started called once it has started
 * @throws StoryError `configuration` when the platform refuses the settings at the first attempt
 */
export async function keepStarting<Chat extends Startable>(
  name: string,
  start: () => Promise<Chat>,
  started: (chat: Chat) => void,
  logger: Logger,
): Promise<Startable> {
  const closing = new AbortController();
  const { signal } = closing;
  let chat: Chat | undefined;
  let problem: string | undefined = `${name} has not answered yet.`;

  /** Tries once; returns whether it has started. */
  const attempt = async (): Promise<boolean> => {
    try {
      const one = await start();
      if (signal.aborted) await one.close();
      else started(one);
      chat = one;
      return true;
    } catch (error) {
      problem = error instanceof StoryError ? error.message : `${name} could not be started.`;
      if (error instanceof StoryError && !PASSING.has(error.code)) throw error;
      // A defect in one platform must not end the page and the other platforms.
      if (!(error instanceof StoryError)) logger.error({ err: error }, problem);
      return false;
    }
  };
  const tryAgain = async () => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      logger.warn({ reason: problem }, `${name} is tried again`);
      await sleep(pauseMs, undefined, { signal });
      if (await attempt()) return;
    }
  };

  const first = attempt();
  const waiting = new AbortController();
  await Promise.race([first, sleep(PATIENCE_MS, undefined, { signal: waiting.signal })]).finally(() =>
    waiting.abort(),
  );
  first
    .then((hasStarted) => (hasStarted ? undefined : tryAgain()))
    .catch((error) => {
      if (!signal.aborted) logger.error({ reason: (error as Error).message }, `${name} is given up`);
    });
  return {
    problem: () => (chat ? chat.problem() : problem),
    async close() {
      closing.abort();
      await chat?.close();
    },
  };
}
