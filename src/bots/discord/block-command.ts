/** `/scifi-block` on Discord, and the users and servers that it blocks. */
import { type ChatInputCommandInteraction, type Interaction, type Message, MessageFlags } from 'discord.js';
import type { Logger } from 'pino';
import type { BlockLists } from '../blocks/block-lists.ts';
import type { Presence } from '../blocks/blocks.ts';
import { type BlockOrder, type BlockTarget, carryOutBlock } from '../commands/block.ts';
import { logged } from '../submit.ts';

export interface BlockTools {
  readonly blocks: BlockLists;
}

const TARGETS = ['user', 'channel'] as const;

/** Answers the command with an ephemeral reply. */
export async function changeBlocks(
  interaction: ChatInputCommandInteraction,
  { blocks, logger }: BlockTools & { readonly logger: Logger },
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  // Discord offers the command in servers only.
  const here = { platform: 'discord', community: interaction.guildId!, userId: interaction.user.id } as const;
  const content = await carryOutBlock(orderOf(interaction), here, blocks).catch(
    (error) => logged(error, logger).message,
  );
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

function orderOf({ options }: ChatInputCommandInteraction): BlockOrder {
  const subcommand = options.getSubcommand();
  if (subcommand !== 'add' && subcommand !== 'remove') return { kind: 'list' };
  const targets = TARGETS.flatMap((kind): BlockTarget[] => {
    // The id alone: a user who has left the server can be blocked, but cannot be resolved.
    const id = options.get(kind)?.value;
    return typeof id === 'string' ? [{ kind, id }] : [];
  });
  return { kind: subcommand, targets };
}

/** The user of a command or a button, and the conversation. */
export function presenceOf({ user, guildId, channelId, channel }: Interaction): Presence {
  return { ...whereIs(guildId, channelId, channel), userId: user.id };
}

/** The author of a message, and the conversation. */
export function authorOf({ author, guildId, channelId, channel }: Message): Presence {
  return { ...whereIs(guildId, channelId, channel), userId: author.id };
}

function whereIs(
  guildId: string | null,
  channelId: string | null,
  channel: Interaction['channel'] | Message['channel'],
): Presence {
  const parentId = channel?.isThread() ? channel.parentId : undefined;
  return {
    platform: 'discord',
    community: guildId ?? undefined,
    channels: [channelId, parentId].filter((id) => typeof id === 'string'),
  };
}
