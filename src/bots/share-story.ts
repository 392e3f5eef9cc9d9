/** Shares a story, on every platform in the same way. */
import { StoryError } from '../errors.ts';
import { shares as shareCount } from '../metrics.ts';
import type { Shares } from '../queue/shares.ts';
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
