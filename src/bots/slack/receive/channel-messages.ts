/** Messages: mentions, direct messages and messages in story-prompt channels are prompts. */

import type { AllMiddlewareArgs, App } from '@slack/bolt';
import { StoryError } from '../../../errors.ts';
import { refusals } from '../../../metrics.ts';
import type { Preset } from '../../../story/story.ts';
import type { ChatContext } from '../../chat-context.ts';
import { Cooldowns } from '../../cooldowns.ts';
import { hasWords } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackAgent } from '../agent/agent.ts';
import { requestAfter } from '../agent/thread.ts';
import type { SlackApi } from '../api.ts';
import {
  idPart,
  keyOf,
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  workspaceOf,
} from '../conversations.ts';
import { loggable } from '../failures.ts';
import { type People, storyHelp } from '../home.ts';
import { promptOf } from '../markup.ts';
import { requestOf } from './listeners.ts';
import type { RelayLines, ThreadEvent } from './relay-lines.ts';

/** A message as Slack's events deliver it. */
interface ReceivedMessage extends ThreadEvent {
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

/** A message that asks for a story. */
interface Prompt {
  readonly text: string;
  readonly ts: string;
  readonly writtenIn: SlackConversation;
  readonly answeredIn: SlackConversation;
  readonly userId: string;
  readonly botId: string | undefined;
  readonly botUserId: string;
  readonly channelPreset: Preset | undefined;
  /** Whether the last story of the thread goes on after it. */
  readonly isLine: boolean;
}

/** Subtypes of messages that users write themselves. */
const WRITTEN = [undefined, 'file_share', 'thread_broadcast', 'me_message'];
const PATIENCE = 'hourglass_flowing_sand';
/** Slack retries an event for an hour at most. */
const RETRIED_MS = 3_600_000;

export class PromptMessages {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #agent: SlackAgent;
  readonly #people: People;
  readonly #relays: RelayLines;
  readonly #seen = new Cooldowns(RETRIED_MS);

  constructor(
    chat: ChatContext<SlackHandle>,
    api: SlackApi,
    agent: SlackAgent,
    people: People,
    relays: RelayLines,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#agent = agent;
    this.#people = people;
    this.#relays = relays;
  }

  /** Registers the listener for messages. */
  register(app: App): void {
    const safely = (event: unknown, args: AllMiddlewareArgs) =>
      this.#judge(event as ReceivedMessage, args).catch((error) => {
        this.#chat.logger.warn(loggable(error), 'a message was not answered');
      });
    app.event('app_mention', (args) => safely(args.event, args));
    app.event('message', (args) => safely(args.event, args));
  }

  async #judge(event: ReceivedMessage, { context }: AllMiddlewareArgs): Promise<void> {
    const { user: userId, ts, thread_ts } = event;
    const where = { ...workspaceOf(context, event.team), channelId: event.channel };
    if (await this.#relays.take(event, where, context.botUserId ?? '')) return;
    if (!userId || event.bot_id || !WRITTEN.includes(event.subtype)) return;
    const conversation = { ...workspaceOf(context, event.team), channelId: event.channel };
    const botUserId = context.botUserId ?? '';
    const mentionsBot = (event.text ?? '').includes(`<@${botUserId}`);
    const isDirect = event.channel_type === 'im';
    const channel = this.#chat.channels.known(keyOf(conversation));
    const inThread = thread_ts !== undefined && thread_ts !== ts;
    // Conversation in the thread below a story is not a prompt.
    const isPrompt = channel?.prompts && !inThread;
    if (!mentionsBot && !isDirect && !isPrompt) return;
    // Slack delivers a mention twice, as a mention and as a message, and retries any event that it doubts.
    if (!this.#seen.tryBegin(`${keyOf(conversation)}/${ts}`)) return;
    const text = promptOf(event.text ?? '', botUserId);
    if (isPrompt) {
      const message = { channelId: keyOf(conversation), authorId: userId, text, mentionsBot };
      const judgement = this.#chat.judge.judge(channel, message);
      // A reaction is enough; where the bot may not react, it stays silent.
      if (judgement === 'too soon') await this.#api.react(conversation, ts, PATIENCE).catch(() => {});
      if (judgement !== 'answer') return;
    }
    // Slack shows no ephemeral message in a thread that has no reply yet.
    const writtenIn = { ...conversation, ...(inThread ? { threadTs: thread_ts } : {}) };
    const block = this.#chat.blocks.find(presenceIn(conversation, userId));
    if (block) {
      const sentence = this.#chat.blockNotice(block, `${conversation.teamId}/${userId}`);
      if (!sentence) return;
      refusals.inc({ code: 'blocked' });
      await this.#api.postEphemeralTo(writtenIn, userId, sentence);
      return;
    }
    const isAgent = isDirect && (await this.#agent.isIn(conversation));
    const isOwnThread = isAgent || (mentionsBot && !isDirect) || (isPrompt && channel.prompts?.threads);
    const threadTs = thread_ts ?? (isOwnThread ? ts : undefined);
    await this.#reply({
      text,
      ts,
      writtenIn,
      answeredIn: { ...conversation, ...(threadTs ? { threadTs } : {}) },
      userId,
      botId: context.botId,
      botUserId,
      channelPreset: isPrompt ? channel.prompts?.preset : undefined,
      isLine: isAgent && inThread,
    });
  }

  async #reply(prompt: Prompt): Promise<void> {
    const { text, ts, writtenIn, answeredIn, userId, botId, botUserId, channelPreset, isLine } = prompt;
    const { teamId, channelId } = answeredIn;
    try {
      if (!hasWords(text) || text.toLowerCase() === 'help') {
        await this.#api.postEphemeralTo(writtenIn, userId, storyHelp(this.#chat.models));
        return;
      }
      const after = isLine
        ? await requestAfter(text, answeredIn, ts, botId, this.#api, this.#chat)
        : undefined;
      const { request, source } = after ?? {
        request: await requestOf(text, answeredIn, userId, this.#people, this.#chat, { channelPreset }),
      };
      const handle = { ...answeredIn, userId, botUserId, at: Date.now(), ...(source ? { source } : {}) };
      const id = `m${idPart(`${teamId}-${channelId}-${ts}`)}`;
      await this.#chat.submit(id, request, () => handle, requesterOf(teamId, userId));
    } catch (error) {
      if (!(error instanceof StoryError)) throw error;
      const sentence = slackEscaping.escape(this.#chat.refusalFor(error));
      await this.#api.postEphemeralTo(writtenIn, userId, sentence);
    }
  }
}
