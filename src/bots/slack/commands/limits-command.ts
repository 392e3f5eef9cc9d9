/** `/scifi-limits` on Slack. */
import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { carryOutLimits, type LimitsTools } from '../../commands/limits.ts';
import { logged } from '../../submit.ts';
import { slackEscaping } from '../../text/sanitise.ts';
import { communityOf, type SlackTools } from '../ask.ts';
import { workspaceOf } from '../conversations.ts';
import { readLimitsWords } from './command-text.ts';
import { LIMITS_HELP } from './help.ts';
import { demandAdministrator } from './permissions.ts';

const FOR_ADMINISTRATORS = 'Only those who administrate this workspace may set its limits. Ask one of them.';

type Tools = LimitsTools & Pick<SlackTools, 'api' | 'logger'>;

/** Answers the command with an ephemeral reply. A user who may not change limits may still see them. */
export async function changeLimits(
  { command, ack, context }: SlackCommandMiddlewareArgs & AllMiddlewareArgs,
  tools: Tools,
): Promise<void> {
  const workspace = workspaceOf(context, command.team_id);
  const answer = async () => {
    const order = readLimitsWords(slackEscaping.unescape(command.text ?? ''));
    if (!order) return LIMITS_HELP;
    if (order.kind !== 'show')
      await demandAdministrator(workspace, command.user_id, tools.api, FOR_ADMINISTRATORS);
    return carryOutLimits(order, communityOf(workspace.teamId), tools);
  };
  // Acknowledge first: the answer needs a call to Slack, and the acknowledgement has a deadline.
  await ack();
  const sentence = await answer().catch((error) => slackEscaping.escape(logged(error, tools.logger).message));
  await tools.api.postEphemeral(command.response_url, sentence);
}
