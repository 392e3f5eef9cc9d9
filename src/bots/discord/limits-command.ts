/** `/scifi-limits` on Discord. */
import { type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import type { Logger } from 'pino';
import {
  carryOutLimits,
  LIMIT_KEYS,
  LIMIT_NAMES,
  type LimitsOrder,
  type LimitsTools,
} from '../commands/limits.ts';
import { logged } from '../submit.ts';
import { communityOf } from './ask.ts';

/** Answers the command with an ephemeral reply. */
export async function changeLimits(
  interaction: ChatInputCommandInteraction,
  tools: LimitsTools & { readonly logger: Logger },
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  // Discord offers the command in servers only.
  const community = communityOf(interaction.guildId!);
  const content = await carryOutLimits(orderOf(interaction), community, tools).catch(
    (error) => logged(error, tools.logger).message,
  );
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

function orderOf({ options }: ChatInputCommandInteraction): LimitsOrder {
  switch (options.getSubcommand()) {
    case 'set': {
      const given = LIMIT_KEYS.map((key) => [key, options.getInteger(LIMIT_NAMES[key])] as const);
      return { kind: 'set', limits: Object.fromEntries(given.filter(([, limit]) => limit !== null)) };
    }
    case 'reset':
      return { kind: 'reset' };
    default:
      return { kind: 'show' };
  }
}
