/** Permissions to change settings in a workspace: each check asks Slack; no answer is stored. */
import type { ChannelManagers } from '../../config.ts';
import { StoryError } from '../../errors.ts';
import type { Permission } from '../commands/command.ts';
import type { SlackApi } from './api.ts';
import type { SlackConversation, Workspace } from './conversations.ts';
import { failureOf } from './failures.ts';

const UNSCOPED =
  'I may not see who the administrators of this workspace are. Add the scope users:read in the app’s settings, under ' +
  'OAuth & Permissions, install me again, and try again.';
/** The prefix of Slack's ids of direct messages. */
const DIRECT = /^D/;

/**
 * Administrators of the workspace may do everything; the channel's creator and the users named by the operator
 * may change a channel's settings; in a direct message with the bot, its user may.
 *
 * @throws StoryError `bad_request` with a sentence for any other user
 */
export async function demandPermission(
  permission: Permission,
  conversation: SlackConversation,
  userId: string,
  managers: ChannelManagers,
  api: SlackApi,
): Promise<void> {
  if (permission === 'anyone') return;
  const isForChannel = permission === 'channel managers';
  if (isForChannel && isNamed(conversation, userId, managers)) return;
  const isAdministrator = await askWhetherAdministrator(conversation, userId, api);
  if (isAdministrator === 'yes') return;
  if (isForChannel && (await creatorOf(conversation, api)) === userId) return;
  if (isAdministrator === 'unknown') throw new StoryError('bad_request', UNSCOPED);
  const who = isForChannel ? 'administrators and the creator of this channel' : 'administrators';
  throw new StoryError('bad_request', `Only ${who} may do that in this workspace. Ask one of them.`);
}

/** Whether a user may change a channel's settings. */
export async function isChannelManager(
  conversation: SlackConversation,
  userId: string,
  managers: ChannelManagers,
  api: SlackApi,
): Promise<boolean> {
  try {
    await demandPermission('channel managers', conversation, userId, managers, api);
    return true;
  } catch (error) {
    if (error instanceof StoryError) return false;
    throw error;
  }
}

function isNamed(
  { teamId, channelId }: SlackConversation,
  userId: string,
  { isEverybody, ids }: ChannelManagers,
): boolean {
  return isEverybody || ids.has(userId) || ids.has(teamId) || DIRECT.test(channelId);
}

/** Undefined where Slack hides it: for a private channel without the bot, and without the scope. */
async function creatorOf(conversation: SlackConversation, api: SlackApi): Promise<string | undefined> {
  try {
    return (await api.conversation(conversation)).creator;
  } catch (error) {
    if (['absent', 'gone', 'unscoped'].includes(failureOf(error))) return undefined;
    throw error;
  }
}

/** Whether a user administrates a workspace; `unknown` when the bot may not see that. */
export async function askWhetherAdministrator(
  workspace: Workspace,
  userId: string,
  api: SlackApi,
): Promise<'yes' | 'no' | 'unknown'> {
  try {
    return (await api.isAdministrator(workspace, userId)) ? 'yes' : 'no';
  } catch (error) {
    if (failureOf(error) !== 'unscoped') throw error;
    return 'unknown';
  }
}
