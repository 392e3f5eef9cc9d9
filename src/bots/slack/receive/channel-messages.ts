/** Messages: mentions, direct messages and messages in story-prompt channels are prompts. */
import type { AllMiddlewareArgs, App } from '@slack/bolt';
import { StoryError } from '../../../errors.ts';
import { refusals } from '../../../metrics.ts';
import type { BlockNotices } from '../../blocks/block-notices.ts';
import { blockedSentence } from '../../blocks/blocks.ts';
import type { PromptJudge } from '../../prompt-channels.ts';
import { isWordless, logged, submit } from '../../submit.ts';
import { clean, slackEscaping } from '../../text/sanitise.ts';
import { idPart, requesterOf } from '../ask.ts';
import { presenceIn } from '../commands/block-command.ts';
import { storyHelp } from '../commands/help.ts';
import { keyOf, workspaceOf } from '../conversations.ts';
import { loggable } from '../failures.ts';
import type { SlackConversation } from '../handle.ts';
import { readMarkup } from '../markup.ts';
import { type ListenerTools, requestOf } from './listeners.ts';

export interface MessageTools extends ListenerTools {
  readonly notices: BlockNotices;
  readonly judge: PromptJudge;
}

/** A message as Slack's events deliver it. */
interface ReceivedMessage {
  readonly channel: string;
  readonly channel_type?: string;
  readonly user?: string;
  readonly text?: string;
  readonly ts: string;
  readonly thread_ts?: string;
  readonly subtype?: string;
  readonly bot_id?: string;
  readonly team?: string;
}

/** Subtypes of messages that users write themselves. */
const WRITTEN = [undefined, 'file_share', 'thread_broadcast', 'me_message'];
const PATIENCE = 'hourglass_flowing_sand';
/** Slack retries an event for an hour at most. */
const REMEMBERED_MS = 3_600_000;
const REMEMBERED_MAX = 10_000;

/** Registers the listener for messages. */
export function onMessage(app: App, tools: MessageTools): void {
  const once = new Once();
  const guarded = async (event: ReceivedMessage, { context }: AllMiddlewareArgs) => {
    if (!event.user || event.bot_id || !WRITTEN.includes(event.subtype)) return;
    const conversation = { ...workspaceOf(context, event.team), channelId: event.channel };
    const botUserId = context.botUserId ?? '';
    const mentionsBot = (event.text ?? '').includes(`<@${botUserId}`);
    const isDirect = event.channel_type === 'im';
    const channel = tools.channels.known(keyOf(conversation));
    const inThread = event.thread_ts !== undefined && event.thread_ts !== event.ts;
    // Conversation in the thread below a story is not a prompt.
    const isPrompt = channel?.prompts && !inThread;
    if (!mentionsBot && !isDirect && !isPrompt) return;
    // Slack delivers a mention twice, as a mention and as a message, and retries any event that it doubts.
    if (!once.see(`${keyOf(conversation)}/${event.ts}`)) return;
    const text = promptOf(event.text ?? '', botUserId);
    if (isPrompt) {
      if (isWordless(text)) return;
      const message = { channelId: keyOf(conversation), authorId: event.user, text, mentionsBot };
      const verdict = tools.judge.judge(channel, message);
      if (verdict === 'too soon') {
        // A reaction is enough; where the bot may not react, it stays silent.
        await tools.api.react(conversation, event.ts, PATIENCE).catch(() => {});
        return;
      }
      if (verdict !== 'answer') return;
    }
    const block = tools.blocks.find(presenceIn(conversation, event.user));
    if (block) {
      if (!tools.notices.isDue(`${conversation.teamId}/${event.user}`)) return;
      refusals.inc({ code: 'blocked' });
      const inThread = event.thread_ts ? { threadTs: event.thread_ts } : {};
      await tools.api.postEphemeralTo({ ...conversation, ...inThread }, event.user, blockedSentence(block));
      return;
    }
    const isOwnThread = (mentionsBot && !isDirect) || (isPrompt && channel.prompts?.threads);
    const threadTs = event.thread_ts ?? (isOwnThread ? event.ts : undefined);
    await reply(event, text, { ...conversation, ...(threadTs ? { threadTs } : {}) }, botUserId, tools);
  };
  const safely = (event: unknown, args: AllMiddlewareArgs) =>
    guarded(event as ReceivedMessage, args).catch((error) => {
      tools.logger.warn(loggable(error), 'a message was not answered');
    });
  app.event('app_mention', (args) => safely(args.event, args));
  app.event('message', (args) => safely(args.event, args));
}

/** A message as a prompt: without the mention of the bot. */
export function promptOf(text: string, botUserId: string): string {
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`, 'g');
  return clean(readMarkup(text.replaceAll(mention, ''))).trim();
}

async function reply(
  { user, ts }: ReceivedMessage,
  text: string,
  conversation: SlackConversation,
  botUserId: string,
  tools: MessageTools,
): Promise<void> {
  const userId = user!;
  try {
    if (isWordless(text) || text.toLowerCase() === 'help') {
      await tools.api.postEphemeralTo(conversation, userId, storyHelp(tools.models));
      return;
    }
    const request = await requestOf(text, conversation, userId, tools);
    const handle = { ...conversation, userId, botUserId, at: Date.now() };
    const id = `m${idPart(`${conversation.teamId}-${conversation.channelId}-${ts}`)}`;
    await submit(tools, id, request, () => handle, requesterOf(conversation.teamId, userId));
  } catch (error) {
    if (!(error instanceof StoryError)) throw error;
    const { message } = logged(error, tools.logger);
    await tools.api.postEphemeralTo(conversation, userId, slackEscaping.escape(message));
  }
}

/** The recently seen events. */
class Once {
  readonly #seen = new Map<string, number>();

  /** Whether the key is seen for the first time. */
  see(key: string): boolean {
    const now = performance.now();
    for (const [old, at] of this.#seen) {
      if (now - at < REMEMBERED_MS && this.#seen.size < REMEMBERED_MAX) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(key)) return false;
    this.#seen.set(key, now);
    return true;
  }
}
