/** Shows relays on Discord: a message in the channel, and the thread below it. */
import { type APIMessage, type APIUser, MessageType, RESTJSONErrorCodes, Routes } from 'discord.js';
import {
  type RelayBoard,
  RelayLost,
  type RelayMessage,
  type RelayRecord,
} from '../../queue/relays/record.ts';
import type { Relay, RelayLine } from '../../story/relay/relay.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import { type DiscordApi, type MessageBody, PAGE_MAX } from './api.ts';
import { requesterOf } from './asking.ts';
import { failureOf } from './failures.ts';
import { lineIn, messageAt } from './relay-lines.ts';
import { layOutEnd, layOutHead, layOutLine, type RelayFacts, threadName } from './relay-messages.ts';
import { reactionsTo } from './shelf.ts';
import type { DiscordHandle } from './surface.ts';

type RelayAddress = AddressOf<DiscordHandle>;

/** Discord archives threads after a day without a message. */
const THREAD_ARCHIVE_MINUTES = 1_440;
/** Kinds of messages that users write. */
const WRITTEN: readonly MessageType[] = [MessageType.Default, MessageType.Reply];

export class DiscordRelayBoard implements RelayBoard<RelayAddress> {
  readonly #chat: Pick<ChatContext<DiscordHandle>, 'models' | 'blocks'>;
  readonly #api: DiscordApi;
  readonly #botId: string;
  readonly #deleteMessages: (address: RelayAddress, messages: readonly string[]) => Promise<void>;

  constructor(
    chat: Pick<ChatContext<DiscordHandle>, 'models' | 'blocks'>,
    api: DiscordApi,
    botId: string,
    deleteMessages: (address: RelayAddress, messages: readonly string[]) => Promise<void>,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#botId = botId;
    this.#deleteMessages = deleteMessages;
  }

  announce(id: string, record: RelayRecord<RelayAddress>): Promise<string> {
    const body = layOutHead({ ...record.relay, phase: 'open' }, this.#factsOf(id, record));
    return reached(() => this.#put(record.address.channelId, `${id}/head`, body));
  }

  /** Discord gives a thread the id of the message that it is below. */
  threadOf(_: RelayAddress, head: string): string {
    return head;
  }

  addressInThread(address: RelayAddress, head: string): RelayAddress {
    return { ...address, channelId: head };
  }

  async openThread({ channelId }: RelayAddress, head: string, relay: Relay): Promise<void> {
    const body = { name: threadName(relay), auto_archive_duration: THREAD_ARCHIVE_MINUTES };
    await reached(async () => {
      try {
        await this.#api.bot.post(Routes.threads(channelId, head), { body });
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code !== RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage) throw error;
      }
    });
  }

  async read(record: RelayRecord<RelayAddress>) {
    const head = record.head!;
    const messages: RelayMessage[] = [];
    const own: string[] = [];
    const reactions = new Map<string, number>();
    let after = head;
    try {
      for (;;) {
        const page = await this.#api.after(head, after);
        // Discord gives the newest first.
        for (const message of page.toReversed()) {
          if (message.author.id === this.#botId) own.push(message.id);
          else if (isUsers(message)) messages.push(this.#messageOf(message, record));
          reactions.set(message.id, reactionsTo(message));
        }
        if (page.length < PAGE_MAX) return { messages, own, reactions };
        after = page[0]!.id;
      }
    } catch (error) {
      if (failureOf(error) === 'forbidden') return undefined;
      throw lost(error);
    }
  }

  async say(id: string, record: RelayRecord<RelayAddress>, line: RelayLine): Promise<string | undefined> {
    const body = layOutLine(record.relay, line, this.#factsOf(id, record));
    try {
      return await this.#put(record.head!, `${id}/${line.draft}`, body);
    } catch (error) {
      if (failureOf(error) === 'refused') return undefined;
      throw lost(error);
    }
  }

  async end(id: string, record: RelayRecord<RelayAddress>): Promise<readonly string[]> {
    const { relay, head, address } = record;
    const facts = this.#factsOf(id, record);
    const told = await reached(() => this.#tell(id, record, facts)).catch(RelayLost.caught);
    const above = layOutHead(relay, facts, !(told instanceof RelayLost));
    // The message above the thread may be deleted.
    await reached(() => this.#api.edit(address.channelId, head!, above)).catch(RelayLost.caught);
    if (told instanceof RelayLost) throw told;
    return told;
  }

  /** Posts the finished story. */
  async #tell(
    id: string,
    { relay, head }: RelayRecord<RelayAddress>,
    facts: RelayFacts,
  ): Promise<readonly string[]> {
    const messages: string[] = [];
    for (let index = 0; ; index++) {
      const body = layOutEnd(relay, facts, messages)[index];
      if (!body) return messages;
      messages.push(await this.#put(head!, `${id}/end/${index}`, body));
    }
  }

  async remove({ address, head }: RelayRecord<RelayAddress>, messages: readonly string[]): Promise<void> {
    if (head === undefined) return;
    await this.#deleteMessages(
      this.addressInThread(address, head),
      messages.filter((id) => id !== head),
    );
    await this.#deleteMessages(address, [head]);
  }

  /** Posts a message; the same key within a few minutes posts it once. */
  async #put(channelId: string, key: string, body: MessageBody): Promise<string> {
    return (await this.#api.send(channelId, key, body)).id;
  }

  #messageOf(
    message: APIMessage,
    { communityId, address: { channelId }, head }: RelayRecord<RelayAddress>,
  ): RelayMessage {
    const { id, author } = message;
    const channels = [head!, channelId];
    const presence = { platform: 'discord', userId: author.id, community: communityId, channels } as const;
    return {
      id,
      at: messageAt(id),
      person: requesterOf(author.id, communityId).person,
      name: nameOf(author),
      text: lineIn(message),
      isBlocked: this.#chat.blocks.find(presence) !== undefined,
    };
  }

  #factsOf(relayId: string, { hostId, titles = [] }: RelayRecord<RelayAddress>): RelayFacts {
    return { relayId, hostId, titles, models: this.#chat.models };
  }
}

function nameOf({ global_name, username }: APIUser): string {
  return global_name ?? username;
}

function isUsers({ author, type, webhook_id }: APIMessage): boolean {
  return author.bot !== true && webhook_id === undefined && WRITTEN.includes(type);
}

/** Makes a call; throws RelayLost for a failure that will not pass. */
async function reached<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw lost(error);
  }
}

function lost(error: unknown): unknown {
  const failure = failureOf(error);
  const isPassing = failure === 'temporary' || failure === 'defect' || failure === 'unauthorized';
  return isPassing ? error : new RelayLost(failure, { cause: error });
}
