/**
 * The few calls to Slack that replies consist of. They go through a client of their own, which neither
 * retries nor waits: whoever calls knows better what is worth repeating, and a complaint of Slack's about one
 * method holds up nothing else.
 */
import { type types, webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import { failureOf } from './failures.ts';
import type { SlackConversation, Workspace } from './handle.ts';
import { boltLogger } from './receive/logger.ts';
import type { MessageBody } from './reply/messages.ts';

/** A message as Slack tells of it, as far as it matters here. */
export interface WireMessage {
  readonly ts: string;
  readonly thread_ts?: string;
  readonly text?: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly app_id?: string;
  readonly blocks?: unknown;
}

/** Who the bot is in a workspace. */
export interface Identity {
  readonly teamId: string;
  readonly team: string;
  readonly userId: string;
  readonly botId: string;
  readonly name: string;
  /** What its token may do; undefined when Slack does not say. */
  readonly scopes: readonly string[] | undefined;
}

/** A conversation, as far as it matters here. */
export interface Conversation {
  /** Of direct messages there is none. */
  readonly creator: string | undefined;
  readonly isArchived: boolean;
  /** Whether the bot is in it. */
  readonly isMember: boolean;
}

export interface SlackApiOptions {
  /** Address of the Web API. */
  readonly api: string;
  readonly logger: Logger;
  /** The token of a workspace; rejects with NoInstallation when there is none. */
  readonly tokenOf: (workspace: Workspace) => Promise<string>;
}

/** A call that has no answer after this time has none. */
const TIMEOUT_MS = 10_000;
/** Messages that are looked through for one of our own. */
const LOOK_BACK = 100;
/** Our clock and Slack's are not the same. */
const LOOK_EARLIER_MS = 60_000;

/** No mention, no link and no preview is made of anything. */
const QUIET = { parse: 'none', link_names: false } as const;
const NO_PREVIEWS = { unfurl_links: false, unfurl_media: false } as const;

/** A client that remembers whether Slack accepts its token. */
class WatchedClient extends webApi.WebClient {
  isRefused = false;

  override async apiCall(...call: Parameters<webApi.WebClient['apiCall']>): Promise<webApi.WebAPICallResult> {
    try {
      const result = await super.apiCall(...call);
      this.isRefused = false;
      return result;
    } catch (error) {
      this.isRefused = failureOf(error) === 'unauthorized';
      throw error;
    }
  }
}

export class SlackApi {
  readonly #client: WatchedClient;
  /** The token of a workspace; rejects with NoInstallation when there is none. */
  readonly tokenOf: SlackApiOptions['tokenOf'];
  readonly #timeout = TIMEOUT_MS;

  constructor({ api, logger, tokenOf }: SlackApiOptions) {
    this.#client = new WatchedClient(undefined, {
      slackApiUrl: api,
      logger: boltLogger(logger),
      timeout: this.#timeout,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
    this.tokenOf = tokenOf;
  }

  /** Whether Slack has refused the token of the last call: one workspace's, or that of the only one. */
  get isRefused(): boolean {
    return this.#client.isRefused;
  }

  /** Asks Slack whose token this is. */
  async identify(token: string): Promise<Identity> {
    const answer = await this.#client.auth.test({ token });
    return {
      teamId: answer.team_id ?? '',
      team: answer.team ?? '',
      userId: answer.user_id ?? '',
      botId: answer.bot_id ?? '',
      name: answer.user ?? '',
      scopes: answer.response_metadata?.scopes,
    };
  }

  /** Asks for a connection in Socket Mode, and does not open it. */
  async openSocket(appToken: string): Promise<void> {
    await this.#client.apps.connections.open({ token: appToken });
  }

  /** Posts a message; returns its timestamp. Posting twice is two messages: `find` looks first. */
  async post(conversation: SlackConversation, body: MessageBody): Promise<string> {
    const { channelId: channel, threadTs } = conversation;
    const { ts } = await this.#client.chat.postMessage({
      token: await this.tokenOf(conversation),
      channel,
      ...body,
      ...QUIET,
      ...NO_PREVIEWS,
      ...(threadTs ? { thread_ts: threadTs } : {}),
    });
    return ts!;
  }

  /** Edits a message of the bot's own. */
  async update(conversation: SlackConversation, ts: string, body: MessageBody): Promise<void> {
    const { channelId: channel } = conversation;
    await this.#client.chat.update({
      token: await this.tokenOf(conversation),
      channel,
      ts,
      ...body,
      ...QUIET,
    });
  }

  /** A stream beneath a message, for the one who asked. */
  stream({ channelId: channel, threadTs, teamId }: SlackConversation, userId: string): webApi.ChatStreamer {
    return this.#client.chatStream({
      channel,
      thread_ts: threadTs!,
      recipient_team_id: teamId,
      recipient_user_id: userId,
      // Whoever appends has waited for the turn: nothing is held back.
      buffer_size: 1,
    });
  }

  async stopStream(conversation: SlackConversation, ts: string): Promise<void> {
    await this.#client.chat.stopStream({
      token: await this.tokenOf(conversation),
      channel: conversation.channelId,
      ts,
    });
  }

  /** The newest message of a place, from a moment on, for which `is` is true. */
  async find(
    conversation: SlackConversation,
    since: number,
    is: (message: WireMessage) => boolean,
  ): Promise<WireMessage | undefined> {
    const oldest = String((since - LOOK_EARLIER_MS) / 1_000);
    const messages = await this.#messages(conversation, { oldest, limit: LOOK_BACK });
    return messages.find(is);
  }

  /** Reads one message of a place; undefined when it is not there. */
  async read(conversation: SlackConversation, ts: string): Promise<WireMessage | undefined> {
    const messages = await this.#messages(conversation, {
      oldest: ts,
      latest: ts,
      inclusive: true,
      limit: 1,
    });
    // A thread's answers begin with its root, whatever was asked for.
    return messages.find((message) => message.ts === ts);
  }

  /** Rejects as `absent` when the bot is not in a conversation. */
  async look(conversation: SlackConversation): Promise<void> {
    const { threadTs: _, ...whole } = conversation;
    await this.#messages(whole, { limit: 1 });
  }

  /** Says something in a conversation that only one person can see. */
  async postEphemeralTo(conversation: SlackConversation, user: string, text: string): Promise<void> {
    const { channelId: channel, threadTs } = conversation;
    const token = await this.tokenOf(conversation);
    const thread = threadTs ? { thread_ts: threadTs } : {};
    await this.#client.chat.postEphemeral({ token, channel, user, text, ...thread });
  }

  async react(conversation: SlackConversation, timestamp: string, name: string): Promise<void> {
    const { channelId: channel } = conversation;
    await this.#client.reactions.add({ token: await this.tokenOf(conversation), channel, timestamp, name });
  }

  /** Whether somebody administrates a workspace. */
  async isAdministrator(workspace: Workspace, userId: string): Promise<boolean> {
    const { user } = await this.#client.users.info({ token: await this.tokenOf(workspace), user: userId });
    return user?.is_admin === true || user?.is_owner === true;
  }

  /** Looks at a conversation. Rejects as `absent` where it is private and the bot is not in it, or is no more. */
  async conversation(conversation: SlackConversation): Promise<Conversation> {
    const { channelId: channel } = conversation;
    const answer = await this.#client.conversations.info({
      token: await this.tokenOf(conversation),
      channel,
    });
    const { creator, is_archived: isArchived, is_member: isMember, is_im: isDirect } = answer.channel ?? {};
    return { creator, isArchived: isArchived === true, isMember: isDirect === true || isMember !== false };
  }

  async publishHome(workspace: Workspace, userId: string, view: types.View): Promise<void> {
    await this.#client.views.publish({ token: await this.tokenOf(workspace), user_id: userId, view });
  }

  /** Says something that only the one who asked can see. */
  async postEphemeral(responseUrl: string, text: string): Promise<void> {
    const response = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
      signal: AbortSignal.timeout(this.#timeout),
    });
    if (!response.ok) throw new Error(`Slack does not take a whisper (${response.status}).`);
  }

  async #messages(
    conversation: SlackConversation,
    range: { oldest?: string; latest?: string; inclusive?: boolean; limit: number },
  ): Promise<WireMessage[]> {
    const token = await this.tokenOf(conversation);
    const { channelId: channel, threadTs } = conversation;
    const { messages } = threadTs
      ? await this.#client.conversations.replies({ token, channel, ts: threadTs, ...range })
      : await this.#client.conversations.history({ token, channel, ...range });
    return (messages ?? []) as WireMessage[];
  }
}
