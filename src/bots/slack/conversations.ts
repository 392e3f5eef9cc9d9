/** Addresses on Slack: workspaces, conversations, messages, and their ids in the queue. */
import type { Context } from '@slack/bolt';
import type { Requester } from '../../queue/admission/store.ts';
import type { Presence } from '../blocks.ts';

/** The address of a reply on Slack: all that any bot process needs to show it. */
export interface SlackHandle extends SlackConversation {
  /** The requester, who may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** The bot's own user in the workspace, whom users invite. */
  readonly botUserId: string;
  /** When the request arrived, in ms since 1970: nothing of the reply is older. */
  readonly at: number;
  /** The URL at which Slack accepts ephemeral replies to the requester, for half an hour. */
  readonly responseUrl?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
}

/** A conversation in a workspace, and the thread in it. */
export interface SlackConversation extends Workspace {
  readonly channelId: string;
  readonly threadTs?: string;
}

/** The workspace whose token is used. */
export interface Workspace {
  readonly teamId: string;
  /** The organisation, when the app is installed for all of it. */
  readonly enterpriseId?: string;
  readonly isEnterpriseInstall?: boolean;
}

/** The workspace whose token an event needs. */
export function workspaceOf(context: Context, teamId: string | undefined): Workspace {
  const { enterpriseId, isEnterpriseInstall } = context;
  return {
    teamId: context.teamId ?? teamId ?? '',
    ...(isEnterpriseInstall && enterpriseId ? { enterpriseId, isEnterpriseInstall } : {}),
  };
}

/** The key of a conversation's settings: it includes the workspace, so it matches in no other one. */
export function keyOf({ teamId, channelId, enterpriseId }: SlackConversation): string {
  return [teamId, channelId, enterpriseId].filter(Boolean).join('-');
}

/** The exact inverse of `keyOf`, without the thread. */
export function conversationOf(key: string): SlackConversation {
  const [teamId = '', channelId = '', enterpriseId] = key.split('-');
  return { teamId, channelId, ...(enterpriseId ? { enterpriseId, isEnterpriseInstall: true } : {}) };
}

/** The key of the thread below a message. */
export function threadKeyOf(conversation: SlackConversation, ts: string): string {
  return `${keyOf(conversation)}-${ts}`;
}

/** Whether a conversation is a user's direct messages with the bot. */
export function isDirect(channelId: string): boolean {
  return channelId.startsWith('D');
}

/** The id of a message in a button: its timestamp, and its thread if it is in one. */
export function messageId({ ts, thread_ts }: { readonly ts: string; readonly thread_ts?: string }): string {
  return thread_ts && thread_ts !== ts ? `${ts}@${thread_ts}` : ts;
}

/** The location of a message with such an id, in a conversation. */
export function locate(
  id: string,
  where: SlackConversation,
): { readonly conversation: SlackConversation; readonly ts: string } {
  const [ts = '', threadTs] = id.split('@');
  const { threadTs: _, ...conversation } = where;
  return { ts, conversation: threadTs ? { ...conversation, threadTs } : conversation };
}

/** The requester that the queue uses for a Slack user; direct messages belong to the workspace, too. */
export function requesterOf(teamId: string, userId: string): Requester {
  return { person: `slack:${teamId}:${userId}`, community: `slack:${teamId}` };
}

/** A user in a conversation, or the bot without a user. */
export function presenceIn({ teamId, channelId }: SlackConversation, userId?: string): Presence {
  return { platform: 'slack', userId, community: teamId, channels: [channelId] };
}

/**
 * A part of a job id: job ids must not contain colons, and Slack's ids contain no other special character.
 */
export function idPart(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '-');
}
