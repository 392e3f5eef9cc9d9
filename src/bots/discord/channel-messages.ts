/** Messages in story-prompt channels: each message that is a prompt is answered with a story. */
import { type Message, RESTJSONErrorCodes, Routes } from 'discord.js';
import { StoryError } from '../../errors.ts';
import { refusals } from '../../metrics.ts';
import { mask } from '../../story/filter/find.ts';
import type { BlockNotices } from '../blocks/block-notices.ts';
import { type Block, blockedSentence } from '../blocks/blocks.ts';
import type { PromptChannels } from '../channel-settings.ts';
import type { PromptChannel, PromptJudge } from '../prompt-channels.ts';
import { type AskTools, logged, parseRequest, submit } from '../submit.ts';
import { clean } from '../text/sanitise.ts';
import type { DiscordApi } from './api.ts';
import { requesterOf } from './ask.ts';
import { authorOf, type BlockTools } from './block-command.ts';
import { type ChannelFacts, missingFor, obstacleIn } from './channel-check.ts';
import { loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';
import { readMarkup } from './message-text.ts';
import type { Notices } from './notices.ts';
import { MAX_CONTENT } from './story-text.ts';

export interface MessageTools extends AskTools<DiscordHandle>, BlockTools {
  readonly api: DiscordApi;
  readonly channels: PromptChannels;
  readonly judge: PromptJudge;
  readonly notices: Notices;
  readonly blockNotices: BlockNotices;
  readonly botId: string;
  /** Whether Discord lets the bot read messages that do not mention it. */
  readonly readsMessages: boolean;
}

const THREAD_NAME_MAX = 80;
/** Discord archives threads after a day without a message. */
const THREAD_ARCHIVE_MINUTES = 1_440;
const UNREAD_ROLE =
  'I cannot read a message that mentions only my role: choose my own name, with the picture, from the list.';
const PATIENCE = '⏳';
const DECLINED = '🤐';

/**
 * Handles a message, and answers it where the channel's settings say so. Never rejects: no caller awaits it.
 */
export async function onMessage(message: Message, tools: MessageTools): Promise<void> {
  try {
    await answer(message, tools);
  } catch (error) {
    tools.logger.warn({ message: message.id, ...loggable(error) }, 'a prompt was not answered');
  }
}

async function answer(message: Message, tools: MessageTools): Promise<void> {
  const { author, channelId } = message;
  // Two bots that answer each other would never stop.
  if (author.bot || author.system || message.system || message.webhookId) return;
  const channel = tools.channels.known(channelId);
  if (!channel?.prompts) return;
  const { users, roles } = message.mentions;
  const mentionsRole = roles.some((role) => role.tags?.botId === tools.botId);
  const mentionsBot = users.has(tools.botId) || mentionsRole;
  const text = promptOf(message, tools.botId);
  if (mentionsRole && !tools.readsMessages && message.content === '') {
    return tools.notices.tell(message, UNREAD_ROLE, true);
  }
  const verdict = tools.judge.judge(channel, { channelId, authorId: author.id, text, mentionsBot });
  const isPrompt = verdict === 'answer' || verdict === 'too soon';
  const block = isPrompt ? tools.blocks.find(authorOf(message)) : undefined;
  if (block) return tellBlocked(message, block, tools);
  // A reaction is enough; where the bot may not react, it stays silent.
  if (verdict === 'too soon') await message.react(PATIENCE).catch(() => {});
  if (verdict !== 'answer') return;
  // Known from the gateway, without a request: Discord counts a rejected request against the bot.
  const facts = factsOf(message);
  const obstacle = facts && obstacleIn(channel, facts);
  if (obstacle) {
    // Whether a message can be written at all, threads aside.
    const mayWrite = missingFor({ channelId }, facts).length === 0;
    return tools.notices.tell(message, obstacle, mayWrite);
  }
  tools.notices.clear(channelId);
  await reply(message, text, channel.prompts, tools);
}

/**
 * A message cannot be answered ephemerally, so a blocked user is told in a direct message, once a day. When a
 * whole channel or server is blocked, its users are not told individually.
 */
async function tellBlocked(
  { id, author, guildId }: Message,
  block: Block,
  { api, blockNotices, logger }: MessageTools,
): Promise<void> {
  refusals.inc({ code: 'blocked' });
  if (block.kind !== 'user' || !blockNotices.isDue(`${guildId}/${author.id}`)) return;
  await api.sendDirectly(author.id, `${id}/blocked`, { content: blockedSentence(block) }).catch((error) => {
    // Many users do not accept direct messages from bots: then the user is not told.
    logger.info(loggable(error), 'a blocked user could not be told');
  });
}

/** A message's channel; undefined when the bot's permissions in it are not known. */
function factsOf({ channel, guild }: Message): ChannelFacts | undefined {
  const me = guild?.members.me;
  const permissions = me && !channel.isDMBased() ? channel.permissionsFor(me) : null;
  return permissions ? { type: channel.type, permissions } : undefined;
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

async function reply(
  message: Message,
  prompt: string,
  { threads }: NonNullable<PromptChannel['prompts']>,
  tools: MessageTools,
): Promise<void> {
  const { readRequest, api, logger } = tools;
  try {
    const request = parseRequest(readRequest, { prompt }, MAX_CONTENT);
    const handle = async (): Promise<DiscordHandle> => {
      const thread = threads ? await openThread(message, prompt, api) : undefined;
      return {
        channelId: thread ?? message.channelId,
        userId: message.author.id,
        inChannel: true,
        ...(thread ? {} : { replyTo: message.id }),
      };
    };
    const requester = requesterOf(message.author.id, message.guildId);
    await submit(tools, `m${message.id}`, request, handle, requester);
  } catch (error) {
    if (!(error instanceof StoryError)) throw error;
    const { code, message: sentence } = logged(error, logger);
    // A declined prompt gets a reaction only: a reply in the channel would be public.
    if (code === 'declined') return void (await message.react(DECLINED).catch(() => {}));
    await api.send(message.channelId, `${message.id}/refusal`, { content: sentence }, message.id);
  }
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
