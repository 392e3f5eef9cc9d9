/** What an interaction says about its user, its conversation and its message. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type APIMessageTopLevelComponent,
  ApplicationIntegrationType,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  InteractionContextType,
  type Message,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type MessageSnapshot,
  type ModalSubmitInteraction,
  PermissionFlagsBits,
} from 'discord.js';
import type { Logger } from 'pino';
import type { Requester } from '../../queue/admission/store.ts';
import type { Presence } from '../blocks.ts';
import type { Start } from '../hosts.ts';
import { PATIENCE_MS } from '../submit.ts';
import { loggable } from './failures.ts';
import type { TextParts } from './markup.ts';

/** An interaction that can be answered with a story. */
export type Asking =
  | ChatInputCommandInteraction
  | MessageContextMenuCommandInteraction
  | ButtonInteraction
  | ModalSubmitInteraction;

/** A reply that only the requester can see, and that notifies no user. */
export const EPHEMERAL = { flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } } as const;

/** The requester that the queue uses for a Discord user. */
export function requesterOf(userId: string, guildId: string | null): Requester {
  return { person: `discord:${userId}`, ...(guildId ? { community: `discord:${guildId}` } : {}) };
}

/** A user in the conversation of an interaction or a message. */
export function presenceOf(
  { guildId, channelId, channel }: Pick<Interaction | Message, 'guildId' | 'channelId' | 'channel'>,
  userId: string,
): Presence {
  const parentId = channel?.isThread() ? channel.parentId : undefined;
  return {
    platform: 'discord',
    userId,
    community: guildId ?? undefined,
    channels: [channelId, parentId].filter((id) => typeof id === 'string'),
  };
}

/** Where a user wants to start a story that is written together. */
export function startIn(interaction: Asking): Start {
  const { user, guildId, memberPermissions } = interaction;
  return {
    channels: presenceOf(interaction, user.id).channels,
    community: requesterOf(user.id, guildId).community,
    isModerator: async () => memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false,
  };
}

export async function replyEphemeral(interaction: Asking, content: string): Promise<void> {
  await interaction.reply({ content, ...EPHEMERAL });
}

/**
 * Answers the press of a button: with a sentence, if there is one, when its action is stored. When the queue is slow,
 * the press is acknowledged before that.
 *
 * @param acting resolves with a sentence for the user, if there is one
 */
export async function answerPress(
  interaction: ButtonInteraction,
  acting: Promise<string | undefined>,
  logger: Logger,
): Promise<void> {
  const soon = await Promise.race([acting, sleep(PATIENCE_MS, 'slow' as const)]);
  if (soon && soon !== 'slow') return replyEphemeral(interaction, soon);
  await interaction.deferUpdate().catch((error) => {
    logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
  });
  const sentence = await acting;
  if (sentence) await interaction.followUp({ content: sentence, ...EPHEMERAL });
}

/** Whether only the requester sees the story with the button, and so the story that the button asks for. */
export function isPrivate(interaction: Asking): boolean {
  return 'message' in interaction && interaction.message?.flags.has(MessageFlags.Ephemeral) === true;
}

/** Where the bot writes the reply to an interaction. */
export function addressIn(interaction: Asking, isHidden = isPrivate(interaction)) {
  return {
    channelId: interaction.channelId!,
    inChannel: !isHidden && mayWriteHere(interaction),
    ...(isHidden ? { isPrivate: true as const } : {}),
  };
}

/** Whether the bot itself may write in the channel of the interaction, or can only answer the interaction. */
function mayWriteHere(interaction: Asking): boolean {
  if (interaction.context === InteractionContextType.BotDM) return true;
  const isMember = interaction.authorizingIntegrationOwners?.[ApplicationIntegrationType.GuildInstall];
  if (interaction.context !== InteractionContextType.Guild || !isMember) return false;
  const write = interaction.channel?.isThread()
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  return interaction.appPermissions.has([PermissionFlagsBits.ViewChannel, write]);
}

/** The parts of a discord.js message that hold text. */
export function partsOf({
  content,
  embeds,
  components,
  messageSnapshots,
}: Message | MessageSnapshot): TextParts {
  return {
    content: content ?? '',
    embeds: embeds?.map((embed) => embed.toJSON()),
    components: components?.map((component) => component.toJSON() as APIMessageTopLevelComponent),
    forwarded: [...(messageSnapshots?.values() ?? [])].map(partsOf),
  };
}
