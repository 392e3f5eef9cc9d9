/**
 * Slack's rate limits: so many calls of a method in a minute and workspace, and one posted message a second
 * and conversation. Slack promises "at least" so many; the fake allows no more.
 */

const MINUTE_MS = 60_000;
const TIERS = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;

/** Calls in a minute, by method; what is not named is of tier 3. */
const PER_MINUTE: Readonly<Record<string, number>> = {
  'apps.connections.open': 10,
  'auth.test': 600,
  'chat.appendStream': TIERS[4],
  'chat.delete': TIERS[3],
  'chat.postEphemeral': TIERS[4],
  // Every conversation has its own limit; this is the workspace's.
  'chat.postMessage': 300,
  'chat.startStream': TIERS[2],
  'chat.stopStream': TIERS[2],
  'chat.update': TIERS[3],
  'conversations.history': TIERS[3],
  'conversations.info': TIERS[3],
  'conversations.open': TIERS[3],
  'conversations.replies': TIERS[3],
  'oauth.v2.access': TIERS[4],
  'reactions.add': TIERS[3],
  'users.info': TIERS[4],
  'views.open': TIERS[4],
  'views.publish': TIERS[4],
};
/** A conversation takes a message each second, and a little more at once. */
const POSTS = { most: 3, perMs: 1 / 1_000 } as const;

interface Bucket {
  room: number;
  at: number;
}

export class RateLimits {
  /** When the calls of the last minute were made, by method and workspace. */
  readonly #calls = new Map<string, number[]>();
  readonly #posts = new Map<string, Bucket>();
  /** Overrides of `PER_MINUTE`, for tests that want less. */
  readonly perMinute: Record<string, number> = {};

  /** Counts a call. Returns the seconds to wait when it is one too many, and otherwise undefined. */
  take(method: string, teamId: string, channelId: string | undefined): number | undefined {
    const now = Date.now();
    const most = this.perMinute[method] ?? PER_MINUTE[method] ?? TIERS[3];
    const key = `${method} ${teamId}`;
    const recent = (this.#calls.get(key) ?? []).filter((at) => now - at < MINUTE_MS);
    this.#calls.set(key, recent);
    if (recent.length >= most) return waitSeconds(recent[recent.length - most]! + MINUTE_MS - now);
    if (method === 'chat.postMessage' && channelId !== undefined) {
      const { most: burst, perMs } = POSTS;
      const bucket = this.#posts.get(channelId) ?? { room: burst, at: now };
      bucket.room = Math.min(burst, bucket.room + (now - bucket.at) * perMs);
      bucket.at = now;
      this.#posts.set(channelId, bucket);
      if (bucket.room < 1) return waitSeconds((1 - bucket.room) / perMs);
      bucket.room -= 1;
    }
    recent.push(now);
    return undefined;
  }
}

function waitSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
