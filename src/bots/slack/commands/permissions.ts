/** Who may change what in a workspace: Slack is asked each time, and nothing of its answer is kept. */
import type { ChannelManagers } from '../../../config.ts';
import { StoryError } from '../../../errors.ts';
import type { SlackApi } from '../api.ts';
import { failureOf } from '../failures.ts';
import type { SlackConversation, Workspace } from '../handle.ts';

const UNSCOPED =
  'I may not see who administrates this workspace. Add the scope users:read in the app’s settings, under ' +
  'OAuth & Permissions, install me again, and try again.';
/** Slack's ids of direct messages begin so. */
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
 * Administrators of the workspace, the channel's creator and those named by the operator may change what is set for a
 * channel; in a direct message with the bot, its user may.
 *
 * @throws StoryError `bad_request` with a sentence for anybody else
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
      // What Slack does not show to the bot is decided without it: a private channel that it is not in, a lost scope.
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

/** Whether a user administrates a workspace; `unknown` where the bot may not see that. */
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
