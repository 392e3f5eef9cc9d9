/** Workspaces and conversations from the objects of Slack and Bolt, and as keys of settings. */
import type { Context } from '@slack/bolt';
import type { SlackConversation, Workspace } from './handle.ts';

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
