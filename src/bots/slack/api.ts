/**
 * The calls to Slack that replies need. They use their own client, which neither retries nor waits: the
 * caller decides what to repeat, and a rate limit on one method delays no other method.
 */
import { type types, webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import type { ExportedFile } from '../../export/export.ts';
import type { SlackConversation, Workspace } from './conversations.ts';
import { failureOf } from './failures.ts';
import { SlackHistory } from './history.ts';
import { boltLogger } from './receive/bolt.ts';
import type { MessageBody } from './reply/messages.ts';

/** The bot's identity in a workspace. */
export interface Identity {
  readonly teamId: string;
  readonly team: string;
  readonly userId: string;
  readonly botId: string;
  readonly name: string;
  /** The scopes of its token; undefined when Slack does not list them. */
  readonly scopes: readonly string[] | undefined;
}

/** A conversation, in the fields that are needed here. */
export interface Conversation {
  /** Undefined for direct messages. */
  readonly creator: string | undefined;
  readonly isArchived: boolean;
  /** Whether the bot is a member. */
  readonly isMember: boolean;
}

export interface SlackApiOptions {
  /** Base URL of the Web API. */
  readonly api: string;
  readonly logger: Logger;
  /** The token of a workspace; rejects with NoInstallation when there is none. */
  readonly tokenOf: (workspace: Workspace) => Promise<string>;
}

/** Timeout of a call. */
const TIMEOUT_MS = 10_000;
/** Slack resolves no mention and no link, and shows no preview. */
const QUIET = { parse: 'none', link_names: false } as const;
const NO_PREVIEWS = { unfurl_links: false, unfurl_media: false } as const;

/** A client that records whether Slack accepts its token. */
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
  /** For calls of the agent view, too. */
  readonly client: WatchedClient;
  /** Reads messages. */
  readonly history: SlackHistory;
  /** The token of a workspace; rejects with NoInstallation when there is none. */
  readonly tokenOf: SlackApiOptions['tokenOf'];

  constructor({ api, logger, tokenOf }: SlackApiOptions) {
    this.client = new WatchedClient(undefined, {
      slackApiUrl: api,
      logger: boltLogger(logger),
      timeout: TIMEOUT_MS,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
    this.tokenOf = tokenOf;
    this.history = new SlackHistory(this.client, tokenOf);
  }

  /** Whether Slack rejected the token of the last call: a workspace's, or the only one. */
  get isRefused(): boolean {
    return this.client.isRefused;
  }

  /** Asks Slack for the identity behind a token. */
  async identify(token: string): Promise<Identity> {
    const answer = await this.client.auth.test({ token });
    return {
      teamId: answer.team_id ?? '',
      team: answer.team ?? '',
      userId: answer.user_id ?? '',
      botId: answer.bot_id ?? '',
      name: answer.user ?? '',
      scopes: answer.response_metadata?.scopes,
    };
  }

  /** Requests a Socket Mode connection without opening it. */
  async openSocket(appToken: string): Promise<void> {
    await this.client.apps.connections.open({ token: appToken });
  }

  /** Posts a message; returns its timestamp. Posting is not idempotent: call `history.find` first. */
  async post(conversation: SlackConversation, body: MessageBody): Promise<string> {
    const { channelId: channel, threadTs } = conversation;
    const { ts } = await this.client.chat.postMessage({
      token: await this.tokenOf(conversation),
      channel,
      ...body,
      ...QUIET,
      ...NO_PREVIEWS,
      ...(threadTs ? { thread_ts: threadTs } : {}),
    });
    return ts!;
  }

  /** Edits one of the bot's own messages. */
  async update(conversation: SlackConversation, ts: string, body: MessageBody): Promise<void> {
    const { channelId: channel } = conversation;
    await this.client.chat.update({
      token: await this.tokenOf(conversation),
      channel,
      ts,
      ...body,
      ...QUIET,
    });
  }

  /** Deletes one of the bot's own messages. */
  async delete(conversation: SlackConversation, ts: string): Promise<void> {
    const token = await this.tokenOf(conversation);
    await this.client.chat.delete({ token, channel: conversation.channelId, ts });
  }

  /** A stream below a message, for the requester. */
  stream({ channelId: channel, threadTs, teamId }: SlackConversation, userId: string): webApi.ChatStreamer {
    return this.client.chatStream({
      channel,
      thread_ts: threadTs!,
      recipient_team_id: teamId,
      recipient_user_id: userId,
      // The caller has waited for its slot already: the client buffers nothing.
      buffer_size: 1,
    });
  }

  async stopStream(conversation: SlackConversation, ts: string): Promise<void> {
    await this.client.chat.stopStream({
      token: await this.tokenOf(conversation),
      channel: conversation.channelId,
      ts,
    });
  }

  /** The address of a message. */
  async permalink(conversation: SlackConversation, ts: string): Promise<string | undefined> {
    const token = await this.tokenOf(conversation);
    const { channelId: channel } = conversation;
    return (await this.client.chat.getPermalink({ token, channel, message_ts: ts })).permalink;
  }

  /** Posts a message in a conversation that only one user can see. */
  async postEphemeralTo(conversation: SlackConversation, user: string, text: string): Promise<void> {
    const { channelId: channel, threadTs } = conversation;
    const token = await this.tokenOf(conversation);
    const thread = threadTs ? { thread_ts: threadTs } : {};
    await this.client.chat.postEphemeral({ token, channel, user, text, ...thread });
  }

  async react(conversation: SlackConversation, timestamp: string, name: string): Promise<void> {
    const { channelId: channel } = conversation;
    await this.client.reactions.add({ token: await this.tokenOf(conversation), channel, timestamp, name });
  }

  /** Whether a user administrates a workspace. */
  async isAdministrator(workspace: Workspace, userId: string): Promise<boolean> {
    const { user } = await this.client.users.info({ token: await this.tokenOf(workspace), user: userId });
    return user?.is_admin === true || user?.is_owner === true;
  }

  /** The name of a user, as Slack shows it. */
  async nameOf(workspace: Workspace, userId: string): Promise<string | undefined> {
    const { user } = await this.client.users.info({ token: await this.tokenOf(workspace), user: userId });
    return user?.profile?.display_name || user?.real_name || user?.name;
  }

  /**
   * Reads a conversation. Rejects as `absent` when it is private and the bot is not in it, or when it no
   * longer exists.
   */
  async conversation(conversation: SlackConversation): Promise<Conversation> {
    const { channelId: channel } = conversation;
    const answer = await this.client.conversations.info({
      token: await this.tokenOf(conversation),
      channel,
    });
    const { creator, is_archived: isArchived, is_member: isMember, is_im: isDirect } = answer.channel ?? {};
    return { creator, isArchived: isArchived === true, isMember: isDirect === true || isMember !== false };
  }

  async publishHome(workspace: Workspace, userId: string, view: types.View): Promise<void> {
    await this.client.views.publish({ token: await this.tokenOf(workspace), user_id: userId, view });
  }

  /** The direct messages between the bot and a user. */
  async openDirect(workspace: Workspace, userId: string): Promise<string> {
    const token = await this.tokenOf(workspace);
    const { channel } = await this.client.conversations.open({ token, users: userId });
    return channel!.id!;
  }

  /** Shows a modal in answer to an action, within three seconds of it. */
  async openView(workspace: Workspace, triggerId: string, view: types.ModalView): Promise<void> {
    await this.client.views.open({ token: await this.tokenOf(workspace), trigger_id: triggerId, view });
  }

  /** Uploads a file to a conversation, in Slack's three steps. A failure after the last one cannot be told apart. */
  async upload(conversation: SlackConversation, { name, bytes }: ExportedFile, text: string): Promise<void> {
    const token = await this.tokenOf(conversation);
    const { upload_url: url, file_id: id } = await this.client.files.getUploadURLExternal({
      token,
      filename: name,
      length: bytes.length,
    });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url!, { method: 'POST', body: bytes, signal });
    if (!response.ok) throw new Error(`Slack does not accept a file (${response.status}).`);
    await this.client.files.completeUploadExternal({
      token,
      files: [{ id: id!, title: name }],
      channel_id: conversation.channelId,
      initial_comment: text,
    });
  }

  /** Sends a reply that only the requester can see. */
  async postEphemeral(responseUrl: string, text: string): Promise<void> {
    const response = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`Slack does not accept an ephemeral reply (${response.status}).`);
  }
}
