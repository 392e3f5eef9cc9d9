/** `/scifi-block` on Slack. */
import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import type { BlockLists } from '../../blocks/block-lists.ts';
import type { Presence } from '../../blocks/blocks.ts';
import { carryOutBlock } from '../../commands/block.ts';
import { logged } from '../../submit.ts';
import { slackEscaping } from '../../text/sanitise.ts';
import type { SlackTools } from '../ask.ts';
import { workspaceOf } from '../conversations.ts';
import type { SlackConversation } from '../handle.ts';
import { readBlockWords } from './command-text.ts';
import { BLOCK_HELP } from './help.ts';
import { demandAdministrator } from './permissions.ts';

export interface BlockTools {
  readonly blocks: BlockLists;
}

const FOR_ADMINISTRATORS =
  'Only those who administrate this workspace may see and change who is blocked in it. Ask one of them.';

/** Answers the command with an ephemeral reply. */
export async function changeBlocks(
  { command, ack, context }: SlackCommandMiddlewareArgs & AllMiddlewareArgs,
  { api, blocks, logger }: BlockTools & Pick<SlackTools, 'api' | 'logger'>,
): Promise<void> {
  const workspace = workspaceOf(context, command.team_id);
  const { user_id: userId } = command;
  const answer = async () => {
    const order = readBlockWords(command.text ?? '');
    if (!order) return BLOCK_HELP;
    await demandAdministrator(workspace, userId, api, FOR_ADMINISTRATORS);
    return carryOutBlock(order, { platform: 'slack', community: workspace.teamId, userId }, blocks);
  };
  // Acknowledge first: the answer needs a call to Slack, and the acknowledgement has a deadline.
  await ack();
  const sentence = await answer().catch((error) => slackEscaping.escape(logged(error, logger).message));
  await api.postEphemeral(command.response_url, sentence);
}

/** A user in a conversation, or the bot without a user. */
export function presenceIn({ teamId, channelId }: SlackConversation, userId?: string): Presence {
  return { platform: 'slack', userId, community: teamId, channels: [channelId] };
}
