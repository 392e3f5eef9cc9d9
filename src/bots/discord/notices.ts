/** Tells a channel once why its settings do not work; otherwise prompts would be ignored without a reason. */
import type { Message } from 'discord.js';
import type { Logger } from 'pino';
import type { DiscordApi } from './api.ts';

const WARNING = '⚠️';
const REMEDY = 'Whoever manages this channel can change that, and see it with `/scifi-channel status`.';

export class Notices {
  readonly #api: DiscordApi;
  readonly #logger: Logger;
  /** The channels that were told, with the reason. */
  readonly #told = new Map<string, string>();

  constructor(api: DiscordApi, logger: Logger) {
    this.#api = api;
    this.#logger = logger;
  }

  /** Reports why the bot cannot answer a message: in words, or with a reaction where it may not write. */
  async tell(message: Message, obstacle: string, mayWrite: boolean): Promise<void> {
    const { channelId } = message;
    if (!this.note(channelId, obstacle)) return;
    const content = `${obstacle} ${REMEDY}`;
    if (mayWrite) await this.#api.send(channelId, `${channelId}/${obstacle}`, { content });
    else await message.react(WARNING).catch(() => {});
  }

  /** Logs why the bot cannot write in a channel. Returns whether the reason is new. */
  note(channelId: string, obstacle: string): boolean {
    if (this.#told.get(channelId) === obstacle) return false;
    this.#told.set(channelId, obstacle);
    this.#logger.warn({ channel: channelId, obstacle }, 'what is set for a channel does not work');
    return true;
  }

  /** Records that the channel's settings work (again). */
  clear(channelId: string): void {
    this.#told.delete(channelId);
  }
}
