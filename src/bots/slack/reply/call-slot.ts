/** Waits for a slot in a budget to make a call; the position in the queue outlasts one wait. */

import { failureOf, retryAfterOf } from '../failures.ts';
import type { Budget, Claim, Priority } from './budget.ts';

/** How long a rate limit lasts when Slack does not say. */
const UNKNOWN_RETRY_MS = 2_000;

export class CallSlot {
  #claim: { readonly claim: Claim; readonly budget: Budget; readonly priority: Priority } | undefined;

  /**
   * Takes a position in the queue, or keeps the current one, and waits.
   *
   * @param enough resolves, or rejects, when waiting any longer is useless
   * @returns whether the slot is granted
   */
  async wait(budget: Budget, priority: Priority, enough: Promise<unknown>): Promise<boolean> {
    if (this.#claim?.budget !== budget || this.#claim.priority !== priority) this.giveUp();
    this.#claim ??= { claim: budget.claim(priority), budget, priority };
    const { claim } = this.#claim;
    if (!claim.isGranted) await Promise.race([claim.granted, enough]);
    return claim.isGranted;
  }

  /** Makes the granted call; a rate limit of Slack's applies to every waiting call. */
  async use<T>(call: () => Promise<T>): Promise<T> {
    const { budget } = this.#claim!;
    this.#claim = undefined;
    try {
      return await call();
    } catch (error) {
      if (failureOf(error) === 'limited') budget.refused(retryAfterOf(error) ?? UNKNOWN_RETRY_MS);
      throw error;
    }
  }

  /** Releases the position, or the unused call. */
  giveUp(): void {
    this.#claim?.claim.giveUp();
    this.#claim = undefined;
  }
}
