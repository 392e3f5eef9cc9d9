/**
 * The rate limit of one method in one workspace: a token bucket that fills evenly. Final edits have priority;
 * progress waits behind them, and leaves a reserve for the next final edits.
 */
import { rateLimited } from '../../../metrics.ts';
import type { Clock } from '../../pace.ts';

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
