/** Events of Slack's agent view: a user opens the direct messages, or presses the Stop button of a session. */
import type { App, Context } from '@slack/bolt';
import type { ChatContext } from '../../chat-context.ts';
import { Cooldowns } from '../../cooldowns.ts';
import { OPENINGS } from '../../prompt-channels.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackAgent, SuggestedPrompt } from '../agent/agent.ts';
import type { SlackApi } from '../api.ts';
import { presenceIn, type SlackConversation, type SlackHandle, workspaceOf } from '../conversations.ts';
import { loggable } from '../failures.ts';
import { stoppableIn } from '../reply/buttons.ts';
import { OwnReplies } from './own-replies.ts';

/** The greeting in direct messages that have no message yet. */
const GREETING =
  'Give me an opening, and a neural network goes on with it. Every message here begins a story in a thread of its own; ' +
  'your next message in that thread is a line with which the story goes on. `help` explains the options.';
const SUGGESTIONS_TITLE = 'Choose an opening, or write your own:';
/** Slack's limit. */
const SUGGESTIONS_MAX = 4;
const NEVER = new Promise<never>(() => {});
const DAY_MS = 86_400_000;

/** The openings that are suggested on a day. */
export function suggestionsOf(day: number): SuggestedPrompt[] {
  const sets = Math.floor(OPENINGS.length / SUGGESTIONS_MAX);
  const first = (day % sets) * SUGGESTIONS_MAX;
  return OPENINGS.slice(first, first + SUGGESTIONS_MAX).map((message) => ({
    title: `${message.replace(/,$/, '')}…`,
    message,
  }));
}

export class AgentEvents {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #agent: SlackAgent;
  readonly #own: OwnReplies;
  /** Direct messages that were looked at for a greeting. */
  readonly #greeted = new Cooldowns(DAY_MS);

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, agent: SlackAgent) {
    this.#chat = chat;
    this.#api = api;
    this.#agent = agent;
    this.#own = new OwnReplies(chat, api);
  }

  /** Registers the listeners with Bolt. */
  register(app: App): void {
    app.event('app_home_opened', async ({ event, context }) => {
      if (event.tab !== 'messages') return;
      await this.#welcome({ ...workspaceOf(context, undefined), channelId: event.channel }, event.user);
    });
    app.event('agent_session_stopped', async ({ event, context, body }) => {
      const { channel: channelId, thread_ts: threadTs } = event;
      await this.#stop({ ...workspaceOf(context, body.team_id), channelId, threadTs }, event.user, context);
    });
  }

  async #welcome(conversation: SlackConversation, userId: string): Promise<void> {
    if (this.#chat.blocks.find(presenceIn(conversation, userId))) return;
    if (!(await this.#agent.isIn(conversation))) return;
    await this.#greet(conversation).catch((error) => {
      this.#chat.logger.info(loggable(error), 'a user was not greeted');
    });
    const day = Math.floor(Date.now() / DAY_MS);
    await this.#agent.suggest(conversation, SUGGESTIONS_TITLE, suggestionsOf(day));
  }

  /** Greets in direct messages without a message. */
  async #greet(conversation: SlackConversation): Promise<void> {
    if (!this.#greeted.tryBegin(conversation.channelId)) return;
    if (await this.#api.history.look(conversation)) return;
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: GREETING } } as const];
    await this.#api.post(conversation, { text: GREETING, blocks });
  }

  /** Stops the replies of a thread that the user may stop. */
  async #stop(
    thread: SlackConversation & { readonly threadTs: string },
    userId: string,
    { botId, botUserId = '' }: Context,
  ): Promise<void> {
    const messages = (await this.#api.history.thread(thread)).filter(({ bot_id }) => bot_id === botId);
    const stoppable = messages.flatMap((message) => {
      const button = stoppableIn(message.blocks);
      return button ? [{ button, message }] : [];
    });
    let isRefused = false;
    for (const { button, message } of stoppable) {
      const press = { conversation: thread, message, userId, botId, botUserId, responseUrl: '' };
      await this.#own.act(button, press).catch(async (error) => {
        isRefused = true;
        await this.#api.postEphemeralTo(thread, userId, slackEscaping.escape(this.#chat.refusalFor(error)));
      });
    }
    // Slack leaves the status to the app, also where there was nothing to stop.
    if (!isRefused) await this.#agent.setSession(thread, 'active', undefined, 'final', NEVER);
  }
}
