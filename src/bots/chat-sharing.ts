/** Shares stories of a chat: the reply of a message, with the replies that it continues. */
import { StoryError } from '../errors.ts';
import type { Replies } from '../queue/replies.ts';
import type { Shares } from '../queue/shares.ts';
import { SHARE_BOUNDS } from '../share/share.ts';
import type { Clock } from './cooldowns.ts';
import type { FindMessage, SeenMessage } from './read-story.ts';
import { shareReplies } from './share-story.ts';

const HOUR_MS = 3_600_000;
const SHARES_PER_HOUR = 30;
const TOO_MANY = 'You have shared many stories within the hour. Try again later.';

export class ChatSharing {
  readonly #replies: Pick<Replies<unknown>, 'platform' | 'read'>;
  readonly #shares: Shares;
  readonly #publicUrl: string | undefined;
  readonly #hours: ShareHours;

  /**
   * @param publicUrl the address of the page, with a slash at its end; undefined where stories are not shared
   * @param clock milliseconds that only grow
   */
  constructor(
    replies: Pick<Replies<unknown>, 'platform' | 'read'>,
    shares: Shares,
    publicUrl: string | undefined,
    clock: Clock,
  ) {
    this.#replies = replies;
    this.#shares = shares;
    this.#publicUrl = publicUrl;
    this.#hours = new ShareHours(clock);
  }

  /** Whether stories can be shared. */
  get isOffered(): boolean {
    return this.#publicUrl !== undefined;
  }

  /**
   * Makes a page of a reply and of those that it continues.
   *
   * @param owner the user, as limits name requesters
   * @param message the one that shows the reply
   * @returns a sentence for the user, with the page's address
   * @throws StoryError with a sentence
   */
  async share(replyId: string, owner: string, message: SeenMessage, find: FindMessage): Promise<string> {
    if (this.#publicUrl === undefined) throw new StoryError('bad_request', 'Stories cannot be shared here.');
    if (!this.#hours.allows(owner)) throw new StoryError('busy', TOO_MANY);
    const replyIds = [...(await readableBefore(message, find)), replyId];
    const read = (id: string) => this.#replies.read(id);
    const { platform } = this.#replies;
    const id = await shareReplies(this.#shares, { platform, replyIds, read, owner });
    const address = `${this.#publicUrl}s/${id}`;
    return `Your story has a page of its own: ${address}\nDelete, below the story, takes the page away too.`;
  }
}

/**
 * The replies that the reply of a message continues, the first one first, as far as they are the bot's own. A
 * message of a user that the story continues is not shown on a page.
 */
async function readableBefore({ reference }: SeenMessage, find: FindMessage): Promise<string[]> {
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

/** Bounds how often a user shares within an hour, in this process. */
class ShareHours {
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
