/**
 * Outages of the queue: it is unreachable, or it answers and refuses. Both are temporary, so work under way
 * waits and continues; only a user's request fails at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../errors.ts';

/**
 * Replies of a Redis that cannot serve any command for now. In a script of Redis 6 the reply is at the
 * end of a longer sentence, after ": -".
 */
const REFUSAL =
  /(?:^|: -?)(?:OOM|READONLY|NOREPLICAS|MISCONF|MASTERDOWN|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN)\b|max number of clients/;
/** Errors of ioredis for a connection that is cut, or that does not answer. */
const CUT =
  /Connection is closed|Command timed out|Socket timeout|max retries per request|enableOfflineQueue options is false|slots cache/;
const CUT_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN']);
/**
 * Classes of Postgres's errors: insufficient resources (a full disk is one), an operator's intervention,
 * input/output.
 */
const PASSING_SQLSTATE = /^(?:53|57|58)...$/;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** Whether Redis answers, and refuses for a temporary reason of its own. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL.test(error.message);
}

/**
 * Whether an error of the queue means that it is unreachable or refuses, and not that the request is wrong.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof StoryError) return error.code === 'queue_unavailable';
  if (isRefusal(error)) return true;
  const { message = '', code = '' } = (error ?? {}) as { message?: string; code?: unknown };
  return CUT.test(message) || CUT_CODES.has(String(code)) || PASSING_SQLSTATE.test(String(code));
}

/** Pauses between attempts, in ms: growing, and short enough to resume soon after an outage. */
export function* pauses(): Generator<number, never> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(LONGEST_PAUSE_MS, 2 * ms)) yield ms;
}

/**
 * Repeats an operation on the queue while the queue is unreachable or refuses.
 *
 * @param act must be idempotent: an unanswered operation may have been done
 * @throws what `act` throws that is no outage, or the reason with which `signal` is aborted
 */
export async function outlast<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const pauseMs of pauses()) {
    try {
      return await act();
    } catch (error) {
      if (!isOutage(error)) throw error;
      signal?.throwIfAborted();
      await sleep(pauseMs, undefined, { ...(signal && { signal }) }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
  throw new Error('unreachable');
}
