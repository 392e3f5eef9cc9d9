/** Messages in the threads of relays: each message of a user is a line, until it is edited or deleted. */
import {
  type AnyThreadChannel,
  type APIMessage,
  type Client,
  Events,
  GatewayDispatchEvents,
  type GatewayMessageDeleteBulkDispatchData,
  type GatewayMessageDeleteDispatchData,
  type GatewayMessageUpdateDispatchData,
  type Message,
  ShardClientUtil,
} from 'discord.js';
import type { ChatContext } from '../chat-context.ts';
import { isRemark, outOfTurn, SIGNS, TOO_LONG } from '../relays/wording.ts';
import { hasWords } from '../submit.ts';
import { clean } from '../text.ts';
import type { DiscordApi } from './api.ts';
import { presenceOf, requesterOf } from './asking.ts';
import { tellBlocked } from './channel-messages.ts';
import { escaped } from './content-messages.ts';
import { loggable } from './failures.ts';
import { type Names, readMarkup } from './markup.ts';
import type { DiscordHandle } from './surface.ts';

const DISCORD_EPOCH = 1_420_070_400_000;
/** Number of low bits of an id below its timestamp. */
const TIME_SHIFT = 22n;

export class RelayLines {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #api: DiscordApi;
  readonly #botId: string;

  constructor(chat: ChatContext<DiscordHandle>, api: DiscordApi, botId: string) {
    this.#chat = chat;
    this.#api = api;
    this.#botId = botId;
  }

  /** Listens to edits and deletions. When Discord may have sent events in vain, the threads are read again. */
  watch(client: Client): void {
    // discord.js itself reports these only of messages that it has cached.
    client.ws.on(GatewayDispatchEvents.MessageUpdate, (data: GatewayMessageUpdateDispatchData) => {
      const { author } = data;
      if (!author || author.id === this.#botId || data.content === undefined) return;
      this.#inRelay(client, data.channel_id, (id, thread) => {
        const presence = presenceOf(
          { guildId: thread.guildId, channelId: thread.id, channel: thread },
          author.id,
        );
        const isBlocked = this.#chat.blocks.find(presence) !== undefined;
        return this.#chat.relays.changes.mend(id, {
          id: data.id,
          text: lineIn(data as APIMessage),
          isBlocked,
        });
      });
    });
    const strike = (channelId: string, ids: readonly string[]) => {
      this.#inRelay(client, channelId, async (id) => {
        for (const messageId of ids) await this.#chat.relays.changes.strike(id, messageId);
      });
      // Without the message above the thread, which has the same id, no user can end the relay.
      for (const thread of ids) {
        this.#inRelay(client, thread, async (id) => void (await this.#chat.relays.changes.end(id)));
      }
    };
    client.ws.on(
      GatewayDispatchEvents.MessageDelete,
      ({ channel_id, id }: GatewayMessageDeleteDispatchData) => strike(channel_id, [id]),
    );
    client.ws.on(
      GatewayDispatchEvents.MessageDeleteBulk,
      ({ channel_id, ids }: GatewayMessageDeleteBulkDispatchData) => strike(channel_id, ids),
    );
    client.on(Events.ShardReady, (shard) => {
      const { shardCount = 1 } = client.options;
      const isMissed = ({ communityId }: { readonly communityId: string }) =>
        ShardClientUtil.shardIdForGuildId(communityId, shardCount) === shard;
      this.#safely(() => this.#chat.relays.catchUp(isMissed));
    });
  }

  /** Takes a message as a line. Returns whether it is in the thread of a relay. Never rejects. */
  async take(message: Message): Promise<boolean> {
    const { author, channel } = message;
    if (author.bot || author.system || message.system || message.webhookId) return false;
    if (!channel.isThread() || channel.ownerId !== this.#botId) return false;
    try {
      const relayId = await this.#chat.relays.threads.find(channel.id);
      return relayId !== undefined && (await this.#hear(relayId, message));
    } catch (error) {
      this.#chat.logger.warn({ message: message.id, ...loggable(error) }, 'a line was not heard');
      return true;
    }
  }

  /** Returns whether the relay is under way. */
  async #hear(relayId: string, message: Message): Promise<boolean> {
    const { id, author, guildId, member, channelId } = message;
    const block = this.#chat.blocks.find(presenceOf(message, author.id));
    if (block) await tellBlocked(message, block, this.#chat, this.#api);
    const { judgement, relay } = await this.#chat.relays.changes.hear(relayId, {
      id,
      at: messageAt(id),
      person: requesterOf(author.id, guildId).person,
      name: member?.displayName ?? author.displayName,
      text: lineOf(message.content, namesOf(message)),
      isBlocked: block !== undefined,
    });
    switch (judgement.is) {
      case 'declined':
        await react(message, SIGNS.declined);
        break;
      case 'too soon':
        await react(message, SIGNS.wait);
        break;
      case 'too long':
        await this.#api.send(channelId, `${id}/line`, { content: TOO_LONG }, id);
        break;
      case 'out of turn':
        if (!judgement.isFirst || !relay) await react(message, SIGNS.wait);
        else
          await this.#api.send(
            channelId,
            `${id}/line`,
            { content: escaped(outOfTurn(relay, judgement)) },
            id,
          );
        break;
    }
    return judgement.is !== 'over';
  }

  #inRelay(
    client: Client,
    channelId: string,
    act: (relayId: string, thread: AnyThreadChannel) => Promise<void>,
  ): void {
    const channel = client.channels.cache.get(channelId);
    if (!channel?.isThread() || channel.ownerId !== this.#botId) return;
    this.#safely(async () => {
      const relayId = await this.#chat.relays.threads.find(channelId);
      if (relayId !== undefined) await act(relayId, channel);
    });
  }

  #safely(act: () => Promise<void>): void {
    act().catch((error) => {
      this.#chat.logger.warn(loggable(error), 'an event of a relay failed');
    });
  }
}

/** When a message was posted, by its id, in ms since 1970. */
export function messageAt(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + DISCORD_EPOCH;
}

/** The words of a message of the API as a line; undefined when there are none. */
export function lineIn({ content, mentions }: Pick<APIMessage, 'content' | 'mentions'>): string | undefined {
  const users = new Map((mentions ?? []).map((user) => [user.id, user.global_name ?? user.username]));
  return lineOf(content, { user: (id) => users.get(id) });
}

function namesOf({ mentions }: Message): Names {
  return { user: (id) => mentions.users.get(id)?.displayName };
}

function lineOf(content: string, names: Names): string | undefined {
  const text = clean(readMarkup(content, names)).trim();
  return hasWords(text) && !isRemark(text) ? text : undefined;
}

/** A reaction is enough; where the bot may not react, it stays silent. */
async function react(message: Message, sign: string): Promise<void> {
  await message.react(sign).catch(() => {});
}
