/** `/scifi-privacy` and `/scifi-forget` on Slack, answered with ephemeral replies. */
import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import type { Forgetting } from '../../../queue/retention.ts';
import type { BlockLists } from '../../blocks/block-lists.ts';
import {
  type ForgetGuard,
  forgottenLines,
  type PrivacyPolicy,
  privacyLines,
} from '../../commands/privacy.ts';
import { logged } from '../../submit.ts';
import { slackEscaping } from '../../text/sanitise.ts';
import { requesterOf, type SlackTools } from '../ask.ts';
import { workspaceOf } from '../conversations.ts';
import type { SlackHandle } from '../handle.ts';

export interface PrivacyTools {
  readonly privacy: PrivacyPolicy;
  readonly forgetting: Forgetting<SlackHandle>;
  readonly forgetGuard: ForgetGuard;
  readonly blocks: BlockLists;
}

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** Replaces a user's id that is forgotten: no user of Slack has this one. */
const NOBODY = 'U0';

export async function tellPrivacy({ ack }: Command, { privacy }: PrivacyTools): Promise<void> {
  await ack({ response_type: 'ephemeral', text: slackEscaping.escape(privacyLines(privacy)) });
}

export async function forgetUser(
  { command, ack, context }: Command,
  { api, people, forgetting, forgetGuard, blocks, logger }: SlackTools & PrivacyTools,
): Promise<void> {
  const { teamId } = workspaceOf(context, command.team_id);
  const { user_id: userId, response_url: responseUrl } = command;
  await ack();
  const forget = async () => {
    forgetGuard.enter(requesterOf(teamId, userId).person);
    await people.forget(teamId, userId);
    await forgetting.forget({
      isTheirs: (handle) => handle.teamId === teamId && handle.userId === userId,
      anonymous: ({ responseUrl: _, ...handle }) => ({ ...handle, userId: NOBODY }),
    });
    return forgottenLines(await blocks.holds('slack', userId));
  };
  const sentence = await forget().catch((error) => logged(error, logger).message);
  await api.postEphemeral(responseUrl, slackEscaping.escape(sentence));
}
