/**
 * Slack's rate limits. Each method has a budget per workspace: a token bucket that fills evenly. Final edits
 * have priority; progress waits behind them, and leaves a reserve for the next final edits.
 *
 * p-queue has rate windows and priorities, but no reserve for one priority, and no pause after a rejected call.
 */
import { rateLimited } from '../../../metrics.ts';
import type { Clock } from '../../cooldowns.ts';
import { failureOf, retryAfterOf } from '../failures.ts';

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
  // Sessions of the agent view are of tier 3, its suggested prompts of tier 4.
  session: UPDATE,
  prompts: APPEND,
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

export type Priority = 'final' | 'progress';

export interface BudgetOptions {
  /** Calls that the bucket gains in a minute. */
  readonly perMinute: number;
  /** Calls that it holds at most: with those that it gains, the most that can happen within one minute. */
  readonly burst: number;
  /** Calls that progress leaves in the bucket. */
  readonly reserve: number;
  /** Milliseconds from any origin. */
  readonly clock: Clock;
}

/** A position in the queue of the bucket, and then one call. */
export interface Claim {
  readonly isGranted: boolean;
  /** Resolves when the call may be made; never if the claim was given up before. */
  readonly granted: Promise<void>;
  /** Releases the position, or the unused call. */
  giveUp(): void;
}

/** The factor by which the rate drops after Slack rejects a call, and the time in which it recovers. */
const CAUTION = 0.7;
const LEAST_SHARE = 0.25;
const RECOVERY_MS = 60_000;
const MINUTE_MS = 60_000;

interface Waiting {
  readonly grant: () => void;
}

/** The token bucket of one method in one workspace, and the calls that wait for it. */
export class Budget {
  readonly #options: BudgetOptions;
  readonly #lines: Record<Priority, Set<Waiting>> = { final: new Set(), progress: new Set() };
  #calls: number;
  #filledAt: number;
  #blockedUntil = Number.NEGATIVE_INFINITY;
  /** Share of the rate that is used, below 1 for a while after a rejected call. */
  #share = 1;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BudgetOptions) {
    this.#options = options;
    // Another process may have made calls a moment ago: a new budget does not start with a full bucket.
    this.#calls = Math.min(options.burst, options.reserve + 1);
    this.#filledAt = options.clock();
  }

  /** Takes a position in the queue. */
  claim(priority: Priority): Claim {
    let isGranted = false;
    let isOver = false;
    let resolve = () => {};
    const granted = new Promise<void>((done) => {
      resolve = done;
    });
    const waiting: Waiting = {
      grant: () => {
        isGranted = true;
        resolve();
      },
    };
    const line = this.#lines[priority];
    line.add(waiting);
    this.#serve();
    return {
      get isGranted() {
        return isGranted;
      },
      granted,
      giveUp: () => {
        if (isOver) return;
        isOver = true;
        line.delete(waiting);
        if (!isGranted) return;
        isGranted = false;
        this.#calls = Math.min(this.#options.burst, this.#calls + 1);
        this.#serve();
      },
    };
  }

  /** Records that Slack rejected a call: blocks all calls for the given time, and then lowers the rate. */
  refused(retryAfterMs: number): void {
    rateLimited.inc({ platform: 'slack' });
    this.#fill();
    const until = this.#options.clock() + retryAfterMs;
    // Calls that were in flight together are rejected together: they count as one.
    if (this.#blockedUntil < this.#options.clock())
      this.#share = Math.max(LEAST_SHARE, this.#share * CAUTION);
    this.#blockedUntil = Math.max(this.#blockedUntil, until);
    this.#calls = 0;
    this.#serve();
  }

  /** Whether no call waits and the bucket is full: such a budget can be created anew at any time. */
  get isIdle(): boolean {
    this.#fill();
    return this.#waiting() === 0 && this.#calls >= this.#options.burst && this.#share === 1;
  }

  /** Stops granting calls: waiting claims never resolve. */
  close(): void {
    clearTimeout(this.#timer);
    this.#lines.final.clear();
    this.#lines.progress.clear();
  }

  #waiting(): number {
    return this.#lines.final.size + this.#lines.progress.size;
  }

  #serve(): void {
    clearTimeout(this.#timer);
    this.#fill();
    const { reserve } = this.#options;
    while (this.#calls >= 1 && this.#take('final')) this.#calls -= 1;
    while (this.#lines.final.size === 0 && this.#calls >= 1 + reserve && this.#take('progress')) {
      this.#calls -= 1;
    }
    if (this.#waiting() === 0) return;
    const needed = this.#lines.final.size > 0 ? 1 : 1 + reserve;
    const blockedMs = Math.max(0, this.#blockedUntil - this.#options.clock());
    const ms = blockedMs + Math.max(0, needed - this.#calls) / this.#perMs();
    this.#timer = setTimeout(() => this.#serve(), Math.ceil(ms) + 1);
  }

  #take(priority: Priority): boolean {
    const [first] = this.#lines[priority];
    if (!first) return false;
    this.#lines[priority].delete(first);
    first.grant();
    return true;
  }

  #perMs(): number {
    return (this.#options.perMinute * this.#share) / MINUTE_MS;
  }

  #fill(): void {
    const now = this.#options.clock();
    const from = Math.max(this.#filledAt, this.#blockedUntil);
    const elapsed = Math.max(0, now - from);
    this.#filledAt = Math.max(now, this.#blockedUntil);
    this.#calls = Math.min(this.#options.burst, this.#calls + elapsed * this.#perMs());
    if (now >= this.#blockedUntil) {
      this.#share = Math.min(1, this.#share + ((1 - LEAST_SHARE) * elapsed) / RECOVERY_MS);
    }
  }
}

/** How long a rate limit lasts when Slack does not say. */
const UNKNOWN_RETRY_MS = 2_000;

/** The place of one caller, which makes one call at a time, in the queues of budgets. */
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
