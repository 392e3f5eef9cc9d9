/** Turns a user's interaction on Discord into a reply in the queue. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationIntegrationType,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  InteractionContextType,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  PermissionFlagsBits,
} from 'discord.js';
import type { Logger } from 'pino';
import type { Requester } from '../../queue/admission/store.ts';
import { type AskTools, logged, type ParsedRequest, submit } from '../submit.ts';
import { failureOf, loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';

/** How long to wait for the queue before the interaction is acknowledged with "thinking…". */
const PATIENCE_MS = 300;

export type Asking = ChatInputCommandInteraction | MessageContextMenuCommandInteraction | ButtonInteraction;

/**
 * Answers an interaction with a story. The interaction is acknowledged once the story is stored in the queue,
 * so that a crash loses no acknowledged story; and earlier when the queue is slow, because Discord allows
 * three seconds.
 *
 * @param prepare determines the request, which may take longer than that
 */
export async function answerWithStory(
  interaction: Asking,
  prepare: () => Promise<ParsedRequest>,
  tools: AskTools<DiscordHandle>,
): Promise<void> {
  const asking = ask(interaction, prepare, tools).then(
    () => 'accepted' as const,
    (error: unknown) => logged(error, tools.logger),
  );
  const soon = await Promise.race([asking, sleep(PATIENCE_MS)]);
  if (soon && soon !== 'accepted') return replyEphemeral(interaction, soon.message);
  const acknowledged = await acknowledge(interaction, tools.logger);
  const outcome = await asking;
  // A copy of an interaction that another process has answered: send nothing more.
  if (outcome === 'accepted' || acknowledged !== 'done') return;
  // The "thinking…" message is public; the reason for the failure is sent to the requester only.
  await interaction.deleteReply();
  await interaction.followUp({
    content: outcome.message,
    flags: MessageFlags.Ephemeral,
    allowedMentions: { parse: [] },
  });
}

async function ask(
  interaction: Asking,
  prepare: () => Promise<ParsedRequest>,
  tools: AskTools<DiscordHandle>,
): Promise<void> {
  const at = Date.now();
  const { request, source } = await prepare();
  const handle: DiscordHandle = {
    channelId: interaction.channelId!,
    userId: interaction.user.id,
    inChannel: mayWriteHere(interaction),
    interaction: { id: interaction.id, token: interaction.token, at },
    ...(source ? { source } : {}),
  };
  // BullMQ rejects ids that look like numbers, and about one snowflake in a hundred does.
  const requester = requesterOf(interaction.user.id, interaction.guildId);
  await submit(tools, `i${interaction.id}`, request, () => handle, requester);
}

/** The requester that the queue uses for a Discord user. */
export function requesterOf(userId: string, guildId: string | null): Requester {
  return { person: `discord:${userId}`, ...(guildId ? { community: communityOf(guildId) } : {}) };
}

/** The community that the queue uses for a Discord server. */
export function communityOf(guildId: string): string {
  return `discord:${guildId}`;
}

/** Sends a reply that only the requester can see. */
export async function replyEphemeral(interaction: Asking, content: string): Promise<void> {
  await interaction.reply({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
}

async function acknowledge(interaction: Asking, logger: Logger): Promise<'done' | 'copy' | 'failed'> {
  try {
    await interaction.deferReply();
    return 'done';
  } catch (error) {
    if (failureOf(error) === 'acknowledged') return 'copy';
    // The process that edits the reply tries again, and detects whether it is too late.
    logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
    return 'failed';
  }
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
