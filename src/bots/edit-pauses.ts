/** The pauses between the edits of one reply, and the attempts at its final edit: the same on every platform. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplyTask } from '../queue/reply-worker.ts';
import { ReplyLost } from './reply-loop.ts';

const LONGEST_BACKOFF_MS = 30_000;
/** Attempts at the final edit, over several minutes. */
const FINAL_ATTEMPTS = 10;

export class EditPauses {
  readonly #signal: AbortSignal;
  readonly #intervalMs: number;
  /** Aborted when a user presses Stop: then the reply does not wait for the next edit. */
  readonly #hurry = new AbortController();
  #failures = 0;

  /** @param intervalMs the least time between two edits of the reply */
  constructor(task: Pick<ReplyTask<unknown>, 'signal' | 'onStop'>, intervalMs: number) {
    this.#signal = task.signal;
    this.#intervalMs = intervalMs;
    task.onStop(() => this.#hurry.abort());
  }

  /** Waits, or resolves earlier when a user presses Stop or another process is to take the reply. */
  async pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#hurry.signal]);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }

  /** Records that an edit succeeded. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Records that an edit failed; returns how long to wait before the next one, in ms. */
  failed(): number {
    this.#failures += 1;
    return Math.min(LONGEST_BACKOFF_MS, this.#intervalMs * 2 ** (this.#failures - 1));
  }

  /**
   * Makes a part of the final edit, in as many attempts as it needs.
   *
   * @param handle handles a failure: returns how long to wait before another attempt, in ms, or rejects with
   *   ReplyLost when none can succeed
   * @param codeOf the platform's stable code of a failure
   * @throws ReplyLost when it does not succeed; the reason with which the task's signal was aborted
   */
  async insist(
    act: () => Promise<unknown>,
    handle: (error: unknown) => Promise<number>,
    codeOf: (error: unknown) => string,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#signal.throwIfAborted();
      try {
        await act();
        return;
      } catch (error) {
        const pauseMs = await handle(error);
        if (attempt === FINAL_ATTEMPTS) throw new ReplyLost(codeOf(error), { cause: error });
        await sleep(pauseMs, undefined, { signal: this.#signal });
      }
    }
  }
}
