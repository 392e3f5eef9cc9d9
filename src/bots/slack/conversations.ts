/** Workspaces and conversations out of what Slack and Bolt hand over, and as keys of what is set for them. */
import type { Context } from '@slack/bolt';
import type { SlackConversation, Workspace } from './handle.ts';

/** Whose token an event needs. */
export function workspaceOf(context: Context, teamId: string | undefined): Workspace {
  const { enterpriseId, isEnterpriseInstall } = context;
  return {
    teamId: context.teamId ?? teamId ?? '',
    ...(isEnterpriseInstall && enterpriseId ? { enterpriseId, isEnterpriseInstall } : {}),
  };
}

/** The key of what is set for a conversation: nothing is found by it in another workspace. */
export function keyOf({ teamId, channelId, enterpriseId }: SlackConversation): string {
  return [teamId, channelId, enterpriseId].filter(Boolean).join('-');
}

/** The exact inverse, less the thread. */
export function conversationOf(key: string): SlackConversation {
  const [teamId = '', channelId = '', enterpriseId] = key.split('-');
  return { teamId, channelId, ...(enterpriseId ? { enterpriseId, isEnterpriseInstall: true } : {}) };
}

/** A message as a button can name it: its timestamp, and its thread where it is in one. */
export function messageId({ ts, thread_ts }: { readonly ts: string; readonly thread_ts?: string }): string {
  return thread_ts && thread_ts !== ts ? `${ts}@${thread_ts}` : ts;
}

/** Where a message with such an id is, in a conversation. */
export function locate(
  id: string,
  where: SlackConversation,
): { readonly conversation: SlackConversation; readonly ts: string } {
  const [ts = '', threadTs] = id.split('@');
  const { threadTs: _, ...conversation } = where;
  return { ts, conversation: threadTs ? { ...conversation, threadTs } : conversation };
}
