/** Messages in story-prompt channels: each message that is a prompt is answered with a story. */
import { type Message, RESTJSONErrorCodes, Routes } from 'discord.js';
import type { Logger } from 'pino';
import { StoryError } from '../../errors.ts';
import { refusals } from '../../metrics.ts';
import { mask } from '../../story/filter/find.ts';
import type { Block } from '../blocks.ts';
import type { ChatContext } from '../chat-context.ts';
import type { PromptChannel } from '../prompt-channels.ts';
import { clean } from '../text.ts';
import type { DiscordApi } from './api.ts';
import type { Application } from './application.ts';
import { presenceOf, requesterOf } from './asking.ts';
import { factsOf, missingFor, obstacleIn } from './channel-check.ts';
import { loggable } from './failures.ts';
import { readMarkup } from './markup.ts';
import type { DiscordHandle } from './surface.ts';

const THREAD_NAME_MAX = 80;
/** Discord archives threads after a day without a message. */
const THREAD_ARCHIVE_MINUTES = 1_440;
const UNREAD_ROLE =
  'I cannot read a message that mentions only my role: choose my own name, with the picture, from the list.';
const PATIENCE = '⏳';
const DECLINED = '🤐';

/** Answers messages in story-prompt channels. */
export class PromptMessages {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #api: DiscordApi;
  readonly #application: Application;
  readonly #notices: ChannelNotices;

  constructor(
    chat: ChatContext<DiscordHandle>,
    api: DiscordApi,
    application: Application,
    notices: ChannelNotices,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#application = application;
    this.#notices = notices;
  }

  /** Answers a message where the channel's settings say so. Never rejects: no caller awaits it. */
  async answer(message: Message): Promise<void> {
    try {
      await this.#judge(message);
    } catch (error) {
      this.#chat.logger.warn({ message: message.id, ...loggable(error) }, 'a prompt was not answered');
    }
  }

  async #judge(message: Message): Promise<void> {
    const { author, channelId } = message;
    // Two bots that answer each other would never stop.
    if (author.bot || author.system || message.system || message.webhookId) return;
    const channel = this.#chat.channels.known(channelId);
    if (!channel?.prompts) return;
    const { botId, readsMessages } = this.#application;
    const { users, roles } = message.mentions;
    const mentionsRole = roles.some((role) => role.tags?.botId === botId);
    const mentionsBot = users.has(botId) || mentionsRole;
    const text = promptOf(message, botId);
    if (mentionsRole && !readsMessages && message.content === '') {
      return this.#notices.tell(message, UNREAD_ROLE, true);
    }
    const judgement = this.#chat.judge.judge(channel, { channelId, authorId: author.id, text, mentionsBot });
    const isPrompt = judgement === 'answer' || judgement === 'too soon';
    const block = isPrompt ? this.#chat.blocks.find(presenceOf(message, author.id)) : undefined;
    if (block) return tellBlocked(message, block, this.#chat, this.#api);
    // A reaction is enough; where the bot may not react, it stays silent.
    if (judgement === 'too soon') await message.react(PATIENCE).catch(() => {});
    if (judgement !== 'answer') return;
    // Known from the gateway, without a request: Discord counts a rejected request against the bot.
    const facts = factsOf(message.channel);
    const obstacle = facts && obstacleIn(channel, facts);
    if (obstacle) {
      // Whether a message can be written at all, threads aside.
      const mayWrite = missingFor({ channelId }, facts).length === 0;
      return this.#notices.tell(message, obstacle, mayWrite);
    }
    this.#notices.clear(channelId);
    await this.#reply(message, text, channel.prompts);
  }

  async #reply(
    message: Message,
    prompt: string,
    { threads, preset }: NonNullable<PromptChannel['prompts']>,
  ): Promise<void> {
    const { author, channelId, guildId } = message;
    try {
      const request = this.#chat.parse({ prompt, preset });
      const handle = async (): Promise<DiscordHandle> => {
        const address = threads
          ? { channelId: await openThread(message, prompt, this.#api) }
          : { channelId, replyTo: message.id };
        return { userId: author.id, inChannel: true, format: 'container', ...address };
      };
      await this.#chat.submit(`m${message.id}`, request, handle, requesterOf(author.id, guildId));
    } catch (error) {
      if (!(error instanceof StoryError)) throw error;
      const content = this.#chat.refusalFor(error);
      // A declined prompt gets a reaction only: a reply in the channel would be public.
      if (error.code === 'declined') return void (await message.react(DECLINED).catch(() => {}));
      await this.#api.send(channelId, `${message.id}/refusal`, { content }, message.id);
    }
  }
}

/**
 * A message cannot be answered ephemerally, so a blocked user is told in a direct message. When a whole
 * channel or server is blocked, its users are not told individually.
 */
export async function tellBlocked(
  { id, author, guildId }: Message,
  block: Block,
  chat: ChatContext<DiscordHandle>,
  api: DiscordApi,
): Promise<void> {
  refusals.inc({ code: 'blocked' });
  const content = block.kind === 'user' ? chat.blockNotice(block, `${guildId}/${author.id}`) : undefined;
  if (!content) return;
  await api.sendDirectly(author.id, `${id}/blocked`, { content }).catch((error) => {
    // Many users do not accept direct messages from bots: then the user is not told.
    chat.logger.info(loggable(error), 'a blocked user could not be told');
  });
}

/**
 * A message as a prompt: without mentions of the bot and of its role, with names in place of other mentions.
 */
export function promptOf({ content, mentions }: Message, botId: string): string {
  const isBots = (id: string) => id === botId || mentions.roles.get(id)?.tags?.botId === botId;
  const named = readMarkup(content, {
    user: (id) => (isBots(id) ? '' : mentions.users.get(id)?.displayName),
    role: (id) => (isBots(id) ? '' : mentions.roles.get(id)?.name),
    channel: (id) => {
      const channel = mentions.channels.get(id);
      return channel && 'name' in channel ? (channel.name ?? undefined) : undefined;
    },
  });
  return clean(named).trim();
}

/** Opens a thread on the message; it has the message's id, so opening it twice opens one thread. */
async function openThread(message: Message, prompt: string, api: DiscordApi): Promise<string> {
  try {
    await api.bot.post(Routes.threads(message.channelId, message.id), {
      body: {
        name: [...mask(prompt).replaceAll('\n', ' ')].slice(0, THREAD_NAME_MAX).join(''),
        auto_archive_duration: THREAD_ARCHIVE_MINUTES,
      },
    });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage) throw error;
  }
  return message.id;
}

const WARNING = '⚠️';
const REMEDY = 'The managers of this channel can change that, and see it with `/scifi-channel status`.';

/** Tells a channel once why its settings do not work; otherwise prompts would be ignored without a reason. */
export class ChannelNotices {
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
    this.#logger.warn({ channel: channelId, obstacle }, 'the settings of a channel do not work');
    return true;
  }

  /** Records that the channel's settings work (again). */
  clear(channelId: string): void {
    this.#told.delete(channelId);
  }
}
