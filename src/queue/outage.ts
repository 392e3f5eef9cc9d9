/**
 * Outages of the queue: it is away, or it answers and refuses. Both pass by themselves, so work that is under way
 * waits and goes on; only a person who asks is told at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../errors.ts';

/**
 * What a Redis says that cannot serve just now, whatever it is asked. In a script of Redis 6 it stands at the end of
 * a longer sentence, after ": -".
 */
const REFUSAL =
  /(?:^|: -?)(?:OOM|READONLY|NOREPLICAS|MISCONF|MASTERDOWN|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN)\b|max number of clients/;
/** What ioredis says of a connection that is cut, or that does not answer. */
const CUT =
  /Connection is closed|Command timed out|Socket timeout|max retries per request|enableOfflineQueue options is false|slots cache/;
const CUT_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN']);
/** Classes of Postgres's errors: insufficient resources (a full disk is one), an operator's intervention, input/output. */
const PASSING_SQLSTATE = /^(?:53|57|58)...$/;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** Whether Redis answers, and refuses for reasons of its own that pass. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL.test(error.message);
}

/** Whether an error of the queue says that it is away or refuses, and not that what was asked of it is wrong. */
export function isOutage(error: unknown): boolean {
  if (error instanceof StoryError) return error.code === 'queue_unavailable';
  if (isRefusal(error)) return true;
  const { message = '', code = '' } = (error ?? {}) as { message?: string; code?: unknown };
  return CUT.test(message) || CUT_CODES.has(String(code)) || PASSING_SQLSTATE.test(String(code));
}

/** Pauses between attempts at the same thing, in ms: growing, and so short that it goes on soon after an outage. */
export function* pauses(): Generator<number, never> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(LONGEST_PAUSE_MS, 2 * ms)) yield ms;
}

/**
 * Does something with the queue, again and again while the queue is away or refuses.
 *
 * @param act must do no harm when it is done twice: what was not answered may have been done
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
