/** What the shelf needs of a chat platform. */
import type { Work } from '../../story/shelf.ts';

export interface ShelfSurface<Address> {
  /**
   * Counts the reactions of users to the messages of some works of one channel.
   *
   * @returns by the works' ids, `gone` for a work whose messages are deleted; a work is missing where its reactions
   *   cannot be read at the moment, or the bot may not read them
   */
  countReactions(works: readonly Work<Address>[]): Promise<ReadonlyMap<string, number | 'gone'>>;
  /**
   * The address of a work's first message; undefined when there is none.
   *
   * @param community the server or workspace, in the platform's terms
   */
  linkTo(work: Work<Address>, community: string): Promise<string | undefined>;
  /**
   * Posts a text in a channel, once for each key.
   *
   * @param channelId the key of the channel's settings
   * @param text in the platform's markup
   * @param since when an earlier attempt began, in ms since 1970; undefined for the first one
   * @returns false when the platform does not allow it
   * @throws the platform's error when another attempt may succeed
   */
  post(channelId: string, key: string, text: string, since: number | undefined): Promise<boolean>;
}
