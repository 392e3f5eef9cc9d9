/** How long an answer of the store is waited for: busy is not gone. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../../errors.ts';
import { sentences } from './refusal-sentences.ts';

/** A store that gives no sign of life for so long cannot be reached: a refusal is to come within a second. */
const SILENCE_MS = 700;
/** How often signs of life are looked for. */
const LOOK_MS = 100;
/** A store that lives is waited for so long, in all. */
const LONGEST_ANSWER_MS = 20_000;

export interface SignsOfLife {
  /** Whether the store certainly runs; undefined where only its answers tell. */
  readonly isRunning: (() => boolean) | undefined;
  /** How many answers, to requests of any kind, it has given so far. */
  readonly answers: () => number;
  /** Waits, in ms; rejects when the signal is aborted. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/**
 * Waits for an answer as long as the store gives signs of life.
 *
 * @throws StoryError `queue_unavailable` when it gives none, or answers with an error; `busy` when its answer takes
 *   too long for all its signs
 */
export async function answerInTime<T>(answer: Promise<T>, signs: SignsOfLife): Promise<T> {
  const enough = new AbortController();
  const late = silence(signs, enough.signal);
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    if (cause instanceof StoryError) throw cause;
    throw new StoryError('queue_unavailable', sentences.unavailable, { cause });
  } finally {
    enough.abort();
    late.catch(() => {});
  }
}

/** Rejects when there is nothing to wait for any more. */
async function silence(signs: SignsOfLife, signal: AbortSignal): Promise<never> {
  const { isRunning, answers, wait = (ms) => sleep(ms, undefined, { signal }) } = signs;
  let heard = answers();
  let silentMs = 0;
  for (let waitedMs = 0; waitedMs < LONGEST_ANSWER_MS; waitedMs += LOOK_MS) {
    await wait(LOOK_MS, signal);
    // What arrived while this process itself was busy is read before it is judged.
    await setImmediate(undefined, { signal });
    const lives = isRunning?.() ?? answers() > heard;
    silentMs = lives ? 0 : silentMs + LOOK_MS;
    heard = answers();
    if (silentMs >= SILENCE_MS || isRunning?.() === false) throw new Error('no sign of life');
  }
  throw new StoryError('busy', sentences.overloaded);
}
