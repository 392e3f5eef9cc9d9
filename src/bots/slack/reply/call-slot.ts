/** Waiting for one's turn to make a call, with a place in line that outlasts the waiting. */

import { failureOf, retryAfterOf } from '../failures.ts';
import type { Budget, Claim, Priority } from './budget.ts';

/** How long a complaint of Slack's lasts that does not say so. */
const UNKNOWN_RETRY_MS = 2_000;

export class CallSlot {
  #claim: { readonly claim: Claim; readonly budget: Budget; readonly priority: Priority } | undefined;

  /**
   * Takes a place in line, or keeps the one there is, and waits a while.
   *
   * @param enough resolves, or rejects, when there is no point in waiting any longer
   * @returns whether it is one's turn
   */
  async wait(budget: Budget, priority: Priority, enough: Promise<unknown>): Promise<boolean> {
    if (this.#claim?.budget !== budget || this.#claim.priority !== priority) this.giveUp();
    this.#claim ??= { claim: budget.claim(priority), budget, priority };
    const { claim } = this.#claim;
    if (!claim.isGranted) await Promise.race([claim.granted, enough]);
    return claim.isGranted;
  }

  /** Makes the call whose turn it is; a complaint of Slack's counts for everybody who waits. */
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

  /** Gives the place, or the call that was not made, back. */
  giveUp(): void {
    this.#claim?.claim.giveUp();
    this.#claim = undefined;
  }
}
