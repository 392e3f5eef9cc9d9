/** Discord's rate limits: buckets with their headers, and the global limit. */

export interface Verdict {
  readonly isAllowed: boolean;
  readonly isGlobal: boolean;
  readonly headers: Record<string, string>;
  readonly retryAfterSeconds: number;
}

interface Window {
  count: number;
  endsAt: number;
}

interface Limit {
  readonly name: string;
  readonly most: number;
  readonly windowMs: number;
}

const GLOBAL: Limit = { name: 'global', most: 50, windowMs: 1_000 };

/** The limits that communities have measured; the first match counts. */
const LIMITS: readonly (Limit & { readonly route: RegExp })[] = [
  {
    route: /^(PATCH|GET|DELETE) \/webhooks\/\d+\/[^/]+\/messages/,
    name: 'webhook-edit',
    most: 5,
    windowMs: 2_000,
  },
  { route: /^POST \/webhooks\//, name: 'webhook-send', most: 5, windowMs: 2_000 },
  { route: /^POST \/channels\/\d+\/messages$/, name: 'send', most: 5, windowMs: 5_000 },
  { route: /^PATCH \/channels\/\d+\/messages/, name: 'edit', most: 5, windowMs: 5_000 },
  { route: /^GET \/channels\/\d+\/messages/, name: 'read', most: 5, windowMs: 1_000 },
  { route: /^PUT \/channels\/\d+\/messages\/\d+\/reactions/, name: 'react', most: 1, windowMs: 250 },
  { route: /^POST \/channels\/\d+\/messages\/\d+\/threads/, name: 'thread', most: 10, windowMs: 10_000 },
  { route: /^PUT \/applications/, name: 'commands', most: 2, windowMs: 10_000 },
  { route: /./, name: 'rest', most: 10, windowMs: 1_000 },
];

export class RateLimits {
  readonly #windows = new Map<string, Window>();

  /**
   * Counts a request.
   *
   * @param major the part of the path that separates buckets
   * @param isGlobalToo whether the bot's global limit counts it: answers to interactions are exempt
   */
  take(method: string, path: string, major: string, isGlobalToo: boolean): Verdict {
    // Callbacks of interactions have no bucket.
    if (/^\/interactions\//.test(path)) return allowed({});
    if (isGlobalToo) {
      const window = this.#window(GLOBAL, 'bot');
      if (window.count >= GLOBAL.most) return refused(window, true, {});
      window.count += 1;
    }
    const limit = LIMITS.find(({ route }) => route.test(`${method} ${path}`))!;
    const window = this.#window(limit, major);
    const isFull = window.count >= limit.most;
    if (!isFull) window.count += 1;
    const headers = {
      'x-ratelimit-limit': String(limit.most),
      'x-ratelimit-remaining': String(limit.most - window.count),
      'x-ratelimit-reset': (window.endsAt / 1_000).toFixed(3),
      'x-ratelimit-reset-after': seconds(window).toFixed(3),
      'x-ratelimit-bucket': limit.name.padEnd(32, '0'),
    };
    return isFull ? refused(window, false, headers) : allowed(headers);
  }

  #window({ name, windowMs }: Limit, major: string): Window {
    const key = `${name} ${major}`;
    const now = Date.now();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      window = { count: 0, endsAt: now + windowMs };
      this.#windows.set(key, window);
    }
    return window;
  }
}

function seconds({ endsAt }: Window): number {
  return Math.max(0, endsAt - Date.now()) / 1_000;
}

function allowed(headers: Record<string, string>): Verdict {
  return { isAllowed: true, isGlobal: false, headers, retryAfterSeconds: 0 };
}

function refused(window: Window, isGlobal: boolean, headers: Record<string, string>): Verdict {
  const retryAfterSeconds = seconds(window);
  return {
    isAllowed: false,
    isGlobal,
    retryAfterSeconds,
    headers: {
      ...headers,
      'retry-after': String(Math.ceil(retryAfterSeconds)),
      'x-ratelimit-scope': isGlobal ? 'global' : 'user',
      ...(isGlobal ? { 'x-ratelimit-global': 'true' } : {}),
    },
  };
}
