/** Settings end with what they belong to: a conversation that is closed, a workspace that takes the app away. */
import type { App } from '@slack/bolt';
import type { Logger } from 'pino';
import type { CommunityLimitSettings } from '../../../queue/admission/community-limits.ts';
import type { BlockLists } from '../../blocks/block-lists.ts';
import type { PromptChannels } from '../../channel-settings.ts';
import type { SlackApi } from '../api.ts';
import { communityOf as placeNameOf } from '../ask.ts';
import type { People } from '../commands/people.ts';
import { keyOf, workspaceOf } from '../conversations.ts';
import { codeOf, failureOf, NoInstallation } from '../failures.ts';
import type { SlackConversation, Workspace } from '../handle.ts';
import type { Installations } from '../oauth/installations.ts';

export interface DepartureTools {
  /** Undefined where the app has one workspace, whose token is a setting. */
  readonly installations: Installations | undefined;
  readonly channels: PromptChannels;
  readonly people: People;
  readonly communityLimits: CommunityLimitSettings;
  readonly blocks: BlockLists;
  readonly logger: Logger;
}

/** Events of a conversation in which the bot has no place any more. */
const CLOSING = [
  'channel_archive',
  'channel_deleted',
  'channel_left',
  'group_archive',
  'group_deleted',
  'group_left',
] as const;

/** Has the app remove what belonged to conversations that are closed, and to workspaces that are left. */
export function watchDepartures(app: App, tools: DepartureTools): void {
  const { installations, channels, people, communityLimits, blocks, logger } = tools;
  for (const type of CLOSING) {
    app.event(type, async ({ event, context, body }) => {
      const { channel } = event as { channel: string };
      const key = keyOf({ ...workspaceOf(context, body.team_id), channelId: channel });
      // Channels are archived all the time, and few of them have settings.
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
      communityLimits.remove(placeNameOf(teamId)),
      blocks.forgetCommunity('slack', teamId),
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
 * Whether a conversation that has settings is closed to the bot, for changes that happened while the app heard nothing.
 * Slack is asked; while it does not answer, and where the bot lacks the scope, nothing is closed.
 */
export async function isClosed(place: SlackConversation, api: SlackApi): Promise<boolean> {
  try {
    const { isArchived, isMember } = await api.conversation(place);
    return isArchived || !isMember;
  } catch (error) {
    // A token that Slack refuses may be a mistake in the settings: what is set outlasts that.
    return (
      error instanceof NoInstallation || failureOf(error) === 'gone' || codeOf(error) === 'channel_not_found'
    );
  }
}
