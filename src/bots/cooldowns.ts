/** The time in milliseconds from any origin; tests inject their own clock. */
export type Clock = () => number;

/** Keys remembered at most; beyond that the oldest is dropped, and counts as new. */
const REMEMBERED_MAX = 50_000;

/** Remembers when something last happened to each user or channel, so that it does not happen too often. */
export class Cooldowns {
  readonly #clock: Clock;
  readonly #longestMs: number;
  /** When each cooldown began, in the order of time. */
  readonly #begun = new Map<string, number>();

  /** @param longestMs of any cooldown: what is older is forgotten */
  constructor(longestMs: number, clock: Clock = () => performance.now()) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** Whether less than `ms` have passed since the key's cooldown began. */
  isRunning(key: string, ms = this.#longestMs): boolean {
    const at = this.#begun.get(key);
    return at !== undefined && this.#clock() - at < ms;
  }

  begin(key: string): void {
    const now = this.#clock();
    this.#begun.delete(key);
    this.#begun.set(key, now);
    for (const [old, at] of this.#begun) {
      if (now - at < this.#longestMs && this.#begun.size <= REMEMBERED_MAX) return;
      this.#begun.delete(old);
    }
  }

  /** Begins the key's cooldown, unless it is running; returns whether it has begun. */
  tryBegin(key: string, ms?: number): boolean {
    if (this.isRunning(key, ms)) return false;
    this.begin(key);
    return true;
  }
}
