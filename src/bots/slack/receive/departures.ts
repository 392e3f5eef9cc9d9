/** Removes the settings of a conversation that is closed, and of a workspace that uninstalls the app, and ends the relays there. */
import type { App } from '@slack/bolt';
import type { ChatContext } from '../../chat-context.ts';
import type { SlackApi } from '../api.ts';
import {
  keyOf,
  type SlackConversation,
  type SlackHandle,
  type Workspace,
  workspaceOf,
} from '../conversations.ts';
import { codeOf, failureOf, NoInstallation } from '../failures.ts';
import type { People } from '../home.ts';
import type { Installations } from '../installations.ts';

/** Events after which the bot is no longer in a conversation. */
const CLOSING = [
  'channel_archive',
  'channel_deleted',
  'channel_left',
  'group_archive',
  'group_deleted',
  'group_left',
] as const;

/**
 * Registers listeners that remove the settings of closed conversations and of workspaces without the app, and end the
 * relays there.
 *
 * @param installations undefined when the app serves one workspace, whose token is configured
 */
export function watchDepartures(
  app: App,
  chat: ChatContext<SlackHandle>,
  people: People,
  installations: Installations | undefined,
): void {
  const { channels, logger } = chat;
  for (const type of CLOSING) {
    app.event(type, async ({ event, context, body }) => {
      const { channel } = event as { channel: string };
      const key = keyOf({ ...workspaceOf(context, body.team_id), channelId: channel });
      await chat.relays.lose(({ address }) => keyOf(address) === key);
      // An archived channel can be opened again, with its shelf.
      if (!type.endsWith('archive')) await chat.shelf.forgetChannel(key);
      // Channels are archived often, and few of them have settings.
      if (!(await channels.read(key))) return;
      await channels.remove(key);
      logger.info({ channel: key, event: type }, 'the settings of a closed channel are removed');
    });
  }
  const leave = async ({ teamId, enterpriseId, isEnterpriseInstall }: Workspace) => {
    const query = { teamId, enterpriseId, isEnterpriseInstall: isEnterpriseInstall ?? false };
    await installations?.deleteInstallation(query as never);
    await Promise.all([
      channels.forget(`${teamId}-`),
      people.forgetTeam(teamId),
      chat.forgetCommunity(teamId),
    ]);
    logger.info({ team: teamId }, 'the settings of a workspace that was left are removed');
  };
  app.event('app_uninstalled', ({ context, body }) =>
    leave({ teamId: body.team_id, ...context } as Workspace),
  );
  app.event('tokens_revoked', async ({ event, context, body }) => {
    if (!event.tokens.bot?.length) return;
    await leave({ teamId: body.team_id, ...context } as Workspace);
  });
}

/**
 * Whether a conversation with settings is closed to the bot, for changes that happened while the app was not
 * running. Asks Slack; while Slack does not answer, and when the bot lacks the scope, nothing counts as
 * closed.
 */
export async function isClosed(conversation: SlackConversation, api: SlackApi): Promise<boolean> {
  try {
    const { isArchived, isMember } = await api.conversation(conversation);
    return isArchived || !isMember;
  } catch (error) {
    // A rejected token may be a configuration mistake: the settings outlast it.
    return (
      error instanceof NoInstallation || failureOf(error) === 'gone' || codeOf(error) === 'channel_not_found'
    );
  }
}
