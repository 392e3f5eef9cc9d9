/** The budget of calls that Discord may refuse. */
import { rateLimited } from '../../metrics.ts';
import type { Clock } from '../cooldowns.ts';

/** A large bot is allowed more, as a share of its calls. */
const ALLOWED_SHARE = 0.002;
const SLOT_MS = 60_000;
const SLOTS = 10;
const PROBE_INTERVAL_MS = 15_000;
/** Valid responses in a row after which calls are allowed again. */
const PROBES_NEEDED = 3;

/** A call that was not made. Its code classifies it as a temporary failure. */
export class CallsSuspended extends Error {
  readonly code = 'CALLS_SUSPENDED';

  constructor() {
    super('Discord has refused too many calls lately; this one is not made.');
    this.name = 'CallsSuspended';
  }
}

interface Slot {
  readonly from: number;
  calls: number;
  invalid: number;
}

/**
 * Discord bans an address for a while after ten thousand responses of 401, 403 or 429 within ten minutes.
 * Long before that, more calls only make the problem worse: this budget then allows only an occasional probe,
 * which finds out whether the problem is over.
 */
export class InvalidBudget {
  readonly #clock: Clock;
  readonly #allowed: number;
  #slots: Slot[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  #goodProbes = 0;
  /** Calls in flight. */
  #underWay = 0;

  /** @param allowed invalid responses in ten minutes that any bot may get */
  constructor(clock: Clock, allowed: number) {
    this.#clock = clock;
    this.#allowed = allowed;
  }

  /**
   * Makes a call, if the budget allows it.
   *
   * @throws CallsSuspended when it does not
   */
  async spend<Response extends { readonly status: number }>(
    call: () => Promise<Response>,
  ): Promise<Response> {
    const { invalid, allowed } = this.#count();
    // Once half of the budget is spent, calls in flight may all turn out to be invalid.
    const isNearlySpent = invalid >= allowed / 2 && invalid + this.#underWay >= allowed;
    if (this.isSpent) {
      const now = this.#clock();
      if (now - this.#probedAt < PROBE_INTERVAL_MS) throw new CallsSuspended();
      this.#probedAt = now;
    } else if (isNearlySpent) throw new CallsSuspended();
    this.#underWay += 1;
    try {
      const response = await call();
      this.#note(response.status);
      return response;
    } finally {
      this.#underWay -= 1;
    }
  }

  #note(status: number): void {
    if (status === 429) rateLimited.inc({ platform: 'discord' });
    const isInvalid = status === 401 || status === 403 || status === 429;
    if (this.isSpent) this.#goodProbes = isInvalid ? 0 : this.#goodProbes + 1;
    const slot = this.#slot();
    slot.calls += 1;
    if (isInvalid) slot.invalid += 1;
    if (this.#goodProbes < PROBES_NEEDED) return;
    this.#goodProbes = 0;
    this.#slots = [];
  }

  /** Whether only probes are made at the moment. */
  get isSpent(): boolean {
    const { invalid, allowed } = this.#count();
    return invalid >= allowed;
  }

  #count(): { readonly invalid: number; readonly allowed: number } {
    const since = this.#clock() - SLOT_MS * SLOTS;
    let calls = 0;
    let invalid = 0;
    for (const slot of this.#slots) {
      if (slot.from < since) continue;
      calls += slot.calls;
      invalid += slot.invalid;
    }
    return { invalid, allowed: Math.max(this.#allowed, calls * ALLOWED_SHARE) };
  }

  #slot(): Slot {
    const now = this.#clock();
    const last = this.#slots.at(-1);
    if (last && now - last.from < SLOT_MS) return last;
    const slot = { from: now, calls: 0, invalid: 0 };
    this.#slots = [...this.#slots.slice(-SLOTS), slot];
    return slot;
  }
}
