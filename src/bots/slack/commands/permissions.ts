/** Permissions to change settings in a workspace: each check asks Slack; no answer is stored. */
import type { ChannelManagers } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import type { SlackApi } from '../api.ts';
import { failureOf } from '../failures.ts';
import type { SlackConversation, Workspace } from '../handle.ts';

const UNSCOPED =
  'I may not see who administrates this workspace. Add the scope users:read in the app’s settings, under ' +
  'OAuth & Permissions, install me again, and try again.';
/** The prefix of Slack's ids of direct messages. */
const DIRECT = /^D/;

/** @throws StoryError `bad_request` with a sentence for a user who does not administrate the workspace */
export async function demandAdministrator(
  workspace: Workspace,
  userId: string,
  api: SlackApi,
  sentence: string,
): Promise<void> {
  const answer = await isAdministrator(workspace, userId, api);
  if (answer !== 'yes') throw new StoryError('bad_request', answer === 'no' ? sentence : UNSCOPED);
}

/**
 * Administrators of the workspace, the channel's creator and the users named by the operator may change a
 * channel's settings; in a direct message with the bot, its user may.
 *
 * @throws StoryError `bad_request` with a sentence for any other user
 */
export async function demandChannelManager(
  place: SlackConversation,
  userId: string,
  { isEverybody, ids }: ChannelManagers,
  api: SlackApi,
): Promise<void> {
  if (isEverybody || ids.has(userId) || ids.has(place.teamId) || DIRECT.test(place.channelId)) return;
  const answer = await isAdministrator(place, userId, api);
  if (answer === 'yes') return;
  const creator = await api.conversation(place).then(
    (conversation) => conversation.creator,
    (error) => {
      // Slack hides a private channel that the bot is not in, and all channels without the scope: decide
      // without it.
      if (['absent', 'gone', 'unscoped'].includes(failureOf(error))) return undefined;
      throw error;
    },
  );
  if (creator === userId) return;
  if (answer === 'unknown') throw new StoryError('bad_request', UNSCOPED);
  throw new StoryError(
    'bad_request',
    'Only those who administrate this workspace and the creator of this channel may change that. Ask one of them.',
  );
}

/** Whether a user administrates a workspace; `unknown` when the bot may not see that. */
async function isAdministrator(
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
