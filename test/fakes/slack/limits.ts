/** Slack's rate limits: calls of a method per minute and workspace, and posts per channel. */

/** Calls in any minute, by Slack's tiers. Slack may grant bursts beyond them; this fake does not. */
const TIER = { two: 20, three: 50, four: 100 } as const;
const METHODS: Readonly<Record<string, number>> = {
  'agents.sessions.setStatus': TIER.three,
  'apps.connections.open': TIER.two,
  'assistant.threads.setSuggestedPrompts': TIER.four,
  'auth.test': 200,
  'chat.appendStream': TIER.four,
  'chat.delete': TIER.three,
  // Slack names no number for it: it counts as of tier 4 here.
  'chat.getPermalink': TIER.four,
  'chat.postEphemeral': TIER.four,
  // Several hundred per minute in a workspace; the channel's limit is the effective one.
  'chat.postMessage': 300,
  'chat.startStream': TIER.two,
  'chat.stopStream': TIER.two,
  'chat.update': TIER.three,
  'conversations.history': TIER.three,
  'conversations.info': TIER.three,
  'conversations.open': TIER.three,
  'files.completeUploadExternal': TIER.four,
  'files.getUploadURLExternal': TIER.four,
  'conversations.replies': TIER.three,
  'oauth.v2.access': TIER.four,
  'reactions.add': TIER.three,
  'users.info': TIER.four,
  'views.open': TIER.four,
  'views.publish': TIER.four,
};
const MINUTE_MS = 60_000;
/** One message per second and channel; short bursts are accepted. */
const CHANNEL = { most: 5, windowMs: 5_000 } as const;

export class RateLimits {
  /** Off in tests of other subjects. */
  isOn = true;
  readonly #calls = new Map<string, number[]>();

  /**
   * Counts a call.
   *
   * @returns undefined, or the seconds after which it may be tried again
   */
  take(method: string, workspaceId: string, channelId: string | undefined): number | undefined {
    if (!this.isOn) return undefined;
    const now = Date.now();
    const windows = [this.#window(`${method} ${workspaceId}`, METHODS[method] ?? TIER.three, MINUTE_MS, now)];
    if (method === 'chat.postMessage' && channelId) {
      windows.push(this.#window(`channel ${channelId}`, CHANNEL.most, CHANNEL.windowMs, now));
    }
    const waits = windows.map(({ calls, most, windowMs }) =>
      calls.length < most ? 0 : calls.at(-most)! + windowMs - now,
    );
    const wait = Math.max(...waits);
    if (wait > 0) return Math.max(1, Math.ceil(wait / 1_000));
    for (const { calls } of windows) calls.push(now);
    return undefined;
  }

  #window(key: string, most: number, windowMs: number, now: number) {
    const calls = (this.#calls.get(key) ?? []).filter((at) => at > now - windowMs);
    this.#calls.set(key, calls);
    return { calls, most, windowMs };
  }
}
