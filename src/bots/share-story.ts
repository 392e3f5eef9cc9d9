/** Shares a story, on every platform in the same way. */
import { StoryError } from '../errors.ts';
import { shares as shareCount } from '../metrics.ts';
import type { Shares } from '../queue/shares.ts';
import { SHARE_BOUNDS } from '../share/share.ts';
import type { Clock } from './cooldowns.ts';
import type { FindMessage, SeenMessage } from './read-story.ts';
import { type KnownReply, sharedParts } from './shared-parts.ts';

/** A story that a user shares. */
export interface SharedStory {
  readonly platform: string;
  /** The replies of the story in their order; the last one is shared with those before it. */
  readonly replyIds: readonly string[];
  /** Reads a reply; undefined when it is no longer kept. */
  readonly read: (replyId: string) => Promise<KnownReply | undefined>;
  /** The user, as limits name requesters; undefined for a user of the page. */
  readonly owner?: string;
}

/**
 * Keeps a story as a page. Idempotent for its last reply.
 *
 * @returns the id in the page's address
 * @throws StoryError `not_found` when a reply is no longer kept; see `Shares.create` and `sharedParts`
 */
export async function shareReplies(
  shares: Shares,
  { platform, replyIds, read, owner }: SharedStory,
): Promise<string> {
  const reply = { platform, replyId: replyIds.at(-1)! };
  const known = await shares.find(reply);
  if (known) return known;
  const replies = await Promise.all(replyIds.map(read));
  if (replies.some((one) => one === undefined)) {
    throw new StoryError('not_found', 'I no longer have this whole story, so it cannot be shared.');
  }
  const parts = sharedParts(replies as KnownReply[]);
  const isKept = async () => (await Promise.all(replyIds.map(read))).every((one) => one !== undefined);
  const id = await shares.create({ reply, replyIds, parts, owner, isKept });
  shareCount.inc({ platform });
  return id;
}

/**
 * The replies that the reply of a message continues, the first one first, as far as they are the bot's own. A
 * message of a user that the story continues is not shown on a page.
 */
export async function readableBefore({ reference }: SeenMessage, find: FindMessage): Promise<string[]> {
  const ids: string[] = [];
  let source = reference?.source;
  while (source && ids.length < SHARE_BOUNDS.parts) {
    const before = await find(source).catch(() => undefined);
    if (!before?.replyId || ids.includes(before.replyId)) break;
    ids.unshift(before.replyId);
    source = before.reference?.source;
  }
  return ids;
}

const HOUR_MS = 3_600_000;
const SHARES_PER_HOUR = 30;

export const TOO_MANY_SHARES = 'You have shared many stories within the hour. Try again later.';

/** Bounds how often a user shares within an hour, in this process. */
export class ShareHours {
  readonly #clock: Clock;
  #counts = new Map<string, number>();
  #since = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds that only grow */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a user may share once more; counts it. */
  allows(user: string): boolean {
    if (this.#clock() - this.#since >= HOUR_MS) {
      this.#counts = new Map();
      this.#since = this.#clock();
    }
    const count = this.#counts.get(user) ?? 0;
    this.#counts.set(user, count + 1);
    return count < SHARES_PER_HOUR;
  }
}

/** The answer to a user who shared a story. */
export function sharedSentence(address: string): string {
  return `Your story has a page of its own: ${address}\nDelete, below the story, takes the page away too.`;
}
