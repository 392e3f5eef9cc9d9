/** How long to wait for an answer of the store: a busy store is not an unreachable one. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { StoryError } from '../../errors.ts';
import { sentences } from './refusal-sentences.ts';

/**
 * A store that shows no sign of life for this long counts as unreachable: a refusal has to come within a
 * second.
 */
const SILENCE_MS = 700;
/** Interval of the checks for signs of life. */
const LOOK_MS = 100;
/** Longest total wait for a store that shows signs of life. */
const LONGEST_ANSWER_MS = 20_000;

export interface SignsOfLife {
  /** Whether the store is certainly running; undefined where only its answers show that. */
  readonly isRunning: (() => boolean) | undefined;
  /** Number of answers, to requests of any kind, that it has given so far. */
  readonly answers: () => number;
  /** Waits, in ms; rejects when the signal is aborted. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/**
 * Waits for an answer as long as the store shows signs of life.
 *
 * @throws StoryError `queue_unavailable` when it shows none, or answers with an error; `busy` when its answer
 *   takes too long in spite of signs of life
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

/** Rejects when further waiting is useless. */
async function silence(signs: SignsOfLife, signal: AbortSignal): Promise<never> {
  const { isRunning, answers, wait = (ms) => sleep(ms, undefined, { signal }) } = signs;
  let heard = answers();
  let silentMs = 0;
  for (let waitedMs = 0; waitedMs < LONGEST_ANSWER_MS; waitedMs += LOOK_MS) {
    await wait(LOOK_MS, signal);
    // Answers that arrived while this process itself was busy are read before the store is judged.
    await setImmediate(undefined, { signal });
    const lives = isRunning?.() ?? answers() > heard;
    silentMs = lives ? 0 : silentMs + LOOK_MS;
    heard = answers();
    if (silentMs >= SILENCE_MS || isRunning?.() === false) throw new Error('no sign of life');
  }
  throw new StoryError('busy', sentences.overloaded);
}
