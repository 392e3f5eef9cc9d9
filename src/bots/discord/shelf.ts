/** The shelf on Discord: reactions, addresses and digests. */
import type { APIMessage } from 'discord.js';
import type { Work } from '../../story/shelf.ts';
import type { AddressOf } from '../chat-context.ts';
import type { ShelfSurface } from '../shelf/surface.ts';
import type { DiscordApi } from './api.ts';
import { type DiscordFailure, failureOf } from './failures.ts';
import type { DiscordHandle } from './surface.ts';

type Address = AddressOf<DiscordHandle>;

const REFUSED: readonly DiscordFailure[] = ['gone', 'forbidden', 'refused'];

export class DiscordShelf implements ShelfSurface<Address> {
  readonly #api: DiscordApi;
  readonly #botId: string;

  constructor(api: DiscordApi, botId: string) {
    this.#api = api;
    this.#botId = botId;
  }

  async countReactions(works: readonly Work<Address>[]): Promise<ReadonlyMap<string, number | 'gone'>> {
    const counts = new Map<string, number | 'gone'>();
    for (const { id, address, messages } of works) {
      try {
        counts.set(id, await this.#reactionsTo(address.channelId, messages));
      } catch (error) {
        if (failureOf(error) === 'gone') counts.set(id, 'gone');
        // Where one message cannot be read, neither can the next.
        else break;
      }
    }
    return counts;
  }

  async linkTo(
    { address, messages: [first] }: Work<Address>,
    community: string,
  ): Promise<string | undefined> {
    if (first === undefined) return undefined;
    return `https://discord.com/channels/${community || '@me'}/${address.channelId}/${first}`;
  }

  async post(channelId: string, key: string, text: string, since: number | undefined): Promise<boolean> {
    try {
      await this.#api.unasked(async () => {
        // A nonce is known for some minutes only.
        if (since !== undefined && (await this.#isPosted(channelId, text, since))) return;
        await this.#api.send(channelId, `${key}/${channelId}`, { content: text });
      });
      return true;
    } catch (error) {
      if (REFUSED.includes(failureOf(error))) return false;
      throw error;
    }
  }

  /** Whether the bot has posted a text with this first line since then. */
  async #isPosted(channelId: string, text: string, since: number): Promise<boolean> {
    const [title] = text.split('\n');
    const messages = await this.#api.since(channelId, since);
    return messages.some(
      ({ author, content }) => author.id === this.#botId && content.split('\n')[0] === title,
    );
  }

  /** The reactions to messages, in one call where they are near each other. */
  async #reactionsTo(channelId: string, [first, ...others]: readonly string[]): Promise<number> {
    if (first === undefined) return 0;
    return this.#api.unasked(async () => {
      const near = others.length > 0 ? await this.#api.after(channelId, first) : [];
      let total = reactionsTo(await this.#api.read(channelId, first));
      for (const id of others) {
        total += reactionsTo(near.find((one) => one.id === id) ?? (await this.#api.read(channelId, id)));
      }
      return total;
    });
  }
}

/** The reactions of users: those of the bot itself do not count. */
export function reactionsTo({ reactions = [] }: Pick<APIMessage, 'reactions'>): number {
  return reactions.reduce((total, { count, me }) => total + count - (me ? 1 : 0), 0);
}
