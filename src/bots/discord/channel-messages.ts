/** Messages in story-prompt channels: each that is a prompt gets a story for its answer. */
import { type Message, type PermissionsBitField, RESTJSONErrorCodes, Routes } from 'discord.js';
import { StoryError } from '../../errors.ts';
import { mask } from '../../filter/mask.ts';
import { type AskTools, logged, readWish, submit } from '../ask.ts';
import type { PromptChannels } from '../channel-settings.ts';
import { clean } from '../outgoing-text.ts';
import type { PromptChannel, PromptJudge } from '../prompt-channels.ts';
import type { DiscordApi } from './api.ts';
import { askerOf } from './ask.ts';
import { missingFor } from './channel-command.ts';
import { loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';
import { ROOM } from './story-text.ts';

export interface MessageTools extends AskTools<DiscordHandle> {
  readonly api: DiscordApi;
  readonly channels: PromptChannels;
  readonly judge: PromptJudge;
  readonly botId: string;
}

const THREAD_NAME_MAX = 80;
/** Threads are archived after a day without a message. */
const THREAD_ARCHIVE_MINUTES = 1_440;
const PATIENCE = '⏳';
const DECLINED = '🤐';

/** Looks at a message, and answers it where that was asked for. Never rejects: nobody awaits it. */
export async function hear(message: Message, tools: MessageTools): Promise<void> {
  const { author, channelId, content } = message;
  // Bots answering bots would never end.
  if (author.bot || author.system || message.system || message.webhookId) return;
  const channel = tools.channels.known(channelId);
  if (!channel?.prompts) return;
  // Known from the gateway, without asking: what Discord refuses it counts against the bot.
  const missing = missingFor(channel, permissionsIn(message));
  if (missing.length > 0) {
    tools.logger.info({ channel: channelId, missing }, 'a prompt channel lacks permissions');
    return;
  }
  const text = promptOf(content, tools.botId);
  const mentionsBot = message.mentions.users.has(tools.botId);
  const verdict = tools.judge.judge(channel, { channelId, authorId: author.id, text, mentionsBot });
  try {
    if (verdict === 'answer') await reply(message, text, channel.prompts, tools);
    // A sign is enough; where the bot may not react, silence is.
    else if (verdict === 'too soon') await message.react(PATIENCE).catch(() => {});
  } catch (error) {
    tools.logger.warn({ message: message.id, ...loggable(error) }, 'a prompt was not answered');
  }
}

/** What the bot may do where a message is; everything where that is not known. */
function permissionsIn({ channel, guild }: Message): Pick<PermissionsBitField, 'has'> {
  const me = guild?.members.me;
  const known = me && !channel.isDMBased() ? channel.permissionsFor(me) : undefined;
  return known ?? { has: () => true };
}

/** A message as a prompt: without the mention of the bot. */
export function promptOf(content: string, botId: string): string {
  return clean(content.replaceAll(new RegExp(`<@!?${botId}>`, 'g'), '')).trim();
}

async function reply(
  message: Message,
  prompt: string,
  { threads }: NonNullable<PromptChannel['prompts']>,
  tools: MessageTools,
): Promise<void> {
  const { readRequest, api, logger } = tools;
  try {
    const request = readWish(readRequest, { prompt }, ROOM);
    const handle = async (): Promise<DiscordHandle> => {
      const thread = threads ? await openThread(message, prompt, api) : undefined;
      return {
        channelId: thread ?? message.channelId,
        userId: message.author.id,
        inChannel: true,
        ...(thread ? {} : { replyTo: message.id }),
      };
    };
    const asker = askerOf(message.author.id, message.guildId);
    await submit(tools, `m${message.id}`, request, handle, asker);
  } catch (error) {
    if (!(error instanceof StoryError)) throw error;
    const { code, message: sentence } = logged(error, logger);
    // What nobody is to write on from is not talked about either: here everybody would read it.
    if (code === 'declined') return void (await message.react(DECLINED).catch(() => {}));
    await api.send(message.channelId, `${message.id}/refusal`, { content: sentence }, message.id);
  }
}

/** A thread on the message; it has the message's id, so opening it twice is opening it once. */
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
