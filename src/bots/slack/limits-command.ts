/** `/scifi-limits` on Slack. */
import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { StoryError } from '../../errors.ts';
import { logged } from '../ask.ts';
import { carryOutLimits, type LimitsTools } from '../limits-command.ts';
import { slackEscaping } from '../outgoing-text.ts';
import { placeOf, type SlackTools } from './ask.ts';
import { readLimitsWords } from './command-text.ts';
import { failureOf } from './failures.ts';
import type { Workspace } from './handle.ts';
import { LIMITS_HELP } from './help.ts';
import { workspaceOf } from './places.ts';

type Tools = LimitsTools & Pick<SlackTools, 'api' | 'logger'>;

/** Answers the command, to its user alone. Whoever may not set anything may see what is set. */
export async function changeLimits(
  { command, ack, context }: SlackCommandMiddlewareArgs & AllMiddlewareArgs,
  tools: Tools,
): Promise<void> {
  const workspace = workspaceOf(context, command.team_id);
  const answer = async () => {
    const order = readLimitsWords(slackEscaping.unescape(command.text ?? ''));
    if (!order) return LIMITS_HELP;
    if (order.kind !== 'show') await demandAdministrator(workspace, command.user_id, tools);
    return carryOutLimits(order, placeOf(workspace.teamId), tools);
  };
  // Slack is told before: a question to it, and its own deadline.
  await ack();
  const sentence = await answer().catch((error) => slackEscaping.escape(logged(error, tools.logger).message));
  await tools.api.whisper(command.response_url, sentence);
}

/** @throws StoryError `bad_request` with a sentence for whoever does not administrate the workspace */
async function demandAdministrator(workspace: Workspace, userId: string, { api }: Tools): Promise<void> {
  let isAdministrator: boolean;
  try {
    isAdministrator = await api.isAdministrator(workspace, userId);
  } catch (cause) {
    if (failureOf(cause) !== 'unscoped') throw cause;
    const sentence =
      'I may not see who administrates this workspace. Add the scope users:read in the app’s settings, under ' +
      'OAuth & Permissions, install me again, and try again.';
    throw new StoryError('bad_request', sentence, { cause });
  }
  if (isAdministrator) return;
  throw new StoryError(
    'bad_request',
    'Only those who administrate this workspace may set its limits. Ask one of them.',
  );
}
