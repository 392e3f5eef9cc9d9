/** `/scifi-privacy` and `/scifi-forget` on Discord, answered with ephemeral replies. */
import { type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import type { Logger } from 'pino';
import type { Forgetting } from '../../queue/retention.ts';
import type { BlockLists } from '../blocks/block-lists.ts';
import { type ForgetGuard, forgottenLines, type PrivacyPolicy, privacyLines } from '../commands/privacy.ts';
import { logged } from '../submit.ts';
import type { DiscordHandle } from './handle.ts';

export interface PrivacyTools {
  readonly privacy: PrivacyPolicy;
  readonly forgetting: Forgetting<DiscordHandle>;
  readonly forgetGuard: ForgetGuard;
  readonly logger: Logger;
  readonly blocks: BlockLists;
}

/** Replaces a user's id that is forgotten: no user of Discord has this one. */
const NOBODY = '0';

export async function tellPrivacy(
  interaction: ChatInputCommandInteraction,
  { privacy }: PrivacyTools,
): Promise<void> {
  const content = privacyLines(privacy);
  await interaction.reply({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
}

export async function forgetUser(
  interaction: ChatInputCommandInteraction,
  { forgetting, forgetGuard, blocks, logger }: PrivacyTools,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const { id } = interaction.user;
  const forget = async () => {
    forgetGuard.enter(id);
    await forgetting.forget({
      isTheirs: ({ userId }) => userId === id,
      anonymous: (handle) => ({ ...handle, userId: NOBODY }),
    });
    return forgottenLines(await blocks.holds('discord', id));
  };
  const content = await forget().catch((error) => logged(error, logger).message);
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}
