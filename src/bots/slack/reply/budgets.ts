/** The budgets of a process, created on demand and removed when idle. */
import type { Clock } from '../../pace.ts';
import { Budget } from './budget.ts';

/**
 * Slack allows `chat.update` 50 times a minute per workspace (tier 3). A bucket of 8 that gains 40 a minute
 * cannot make more than 48 calls in any minute; a story that is alone is edited every second and a half.
 */
const UPDATE = { perMinute: 40, burst: 8, reserve: 2 } as const;
/** One message a second per conversation. */
const POST = { perMinute: 55, burst: 1, reserve: 0 } as const;
/** Starting and stopping streams (tier 2, 20 a minute each) and appending to them (tier 4, 100 a minute). */
const START = { perMinute: 15, burst: 4, reserve: 0 } as const;
const APPEND = { perMinute: 80, burst: 16, reserve: 0 } as const;

/** Looking for a message in a conversation, and in a thread (tier 3, each). */
const LOOK = { perMinute: 40, burst: 8, reserve: 0 } as const;

const OPTIONS = {
  history: LOOK,
  replies: LOOK,
  update: UPDATE,
  post: POST,
  start: START,
  stop: START,
  append: APPEND,
} as const;
export type Method = keyof typeof OPTIONS;

/** Stories of a workspace that are shown while they grow: each will need one more edit at its end. */
const GROWING_MAX = 8;
const SWEEP_INTERVAL_MS = 60_000;

export class Budgets {
  readonly #clock: Clock;
  readonly #allowance: number;
  readonly #budgets = new Map<string, Budget>();
  readonly #growing = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @param allowance factor on Slack's limits; more than 1 only against a Slack that is not real */
  constructor(clock: Clock, allowance = 1) {
    this.#clock = clock;
    this.#allowance = allowance;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** @param channelId of a conversation, for posting into it */
  of(method: Method, teamId: string, channelId = ''): Budget {
    const key = `${method}/${teamId}/${channelId}`;
    let budget = this.#budgets.get(key);
    if (!budget) {
      const { perMinute, burst, reserve } = OPTIONS[method];
      budget = new Budget({
        perMinute: perMinute * this.#allowance,
        burst: burst * this.#allowance,
        reserve,
        clock: this.#clock,
      });
      this.#budgets.set(key, budget);
    }
    return budget;
  }

  /**
   * Asks to show a story of a workspace while it grows.
   *
   * @returns the function to call after the final edit; undefined when enough stories are growing in the
   *   workspace, so that this one should be shown only when it is complete
   */
  grow(teamId: string): (() => void) | undefined {
    if (this.isCrowded(teamId)) return undefined;
    this.#growing.set(teamId, (this.#growing.get(teamId) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = this.#growing.get(teamId)! - 1;
      if (left > 0) this.#growing.set(teamId, left);
      else this.#growing.delete(teamId);
    };
  }

  /** Whether a story that begins now in a workspace will be shown only when it is complete. */
  isCrowded(teamId: string): boolean {
    return (this.#growing.get(teamId) ?? 0) >= GROWING_MAX * this.#allowance;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const budget of this.#budgets.values()) budget.close();
  }

  #sweep(): void {
    for (const [key, budget] of this.#budgets) if (budget.isIdle) this.#budgets.delete(key);
  }
}
