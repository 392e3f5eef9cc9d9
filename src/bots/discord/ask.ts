/** From something a person did on Discord to a reply in the queue. */
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
import type { Requester } from '../../queue/admission/requester.ts';
import { type AskTools, logged, type ParsedRequest, submit } from '../submit.ts';
import { failureOf, loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';

/** How long the queue is waited for before Discord is told that somebody thinks. */
const PATIENCE_MS = 300;

export type Asking = ChatInputCommandInteraction | MessageContextMenuCommandInteraction | ButtonInteraction;

/**
 * Answers an interaction with a story. Discord is told "thinking…" when the story is safe in the queue, so
 * that a crash loses none that was acknowledged; and before that when the queue takes its time, because
 * Discord gives three seconds.
 *
 * @param prepare finds out what is wished for, which may take longer than that
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
  // A copy of something that another process has answered: nothing more is said.
  if (outcome === 'accepted' || acknowledged !== 'done') return;
  // Everybody has seen somebody think; why nothing comes of it is for the one who asked.
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
  // BullMQ refuses ids that look like numbers, and one snowflake in some hundred does.
  const requester = requesterOf(interaction.user.id, interaction.guildId);
  await submit(tools, `i${interaction.id}`, request, () => handle, requester);
}

/** Who somebody on Discord is to the queue. */
export function requesterOf(userId: string, guildId: string | null): Requester {
  return { person: `discord:${userId}`, ...(guildId ? { community: communityOf(guildId) } : {}) };
}

/** A server, likewise. */
export function communityOf(guildId: string): string {
  return `discord:${guildId}`;
}

/** Says something that only the one who asked can see. */
export async function replyEphemeral(interaction: Asking, content: string): Promise<void> {
  await interaction.reply({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
}

async function acknowledge(interaction: Asking, logger: Logger): Promise<'done' | 'copy' | 'failed'> {
  try {
    await interaction.deferReply();
    return 'done';
  } catch (error) {
    if (failureOf(error) === 'acknowledged') return 'copy';
    // Whoever edits the reply tries again, and finds out whether it is too late.
    logger.warn({ interaction: interaction.id, ...loggable(error) }, 'not acknowledged');
    return 'failed';
  }
}

/** Whether the bot itself may write where it was asked, or is only a guest in the answer. */
function mayWriteHere(interaction: Asking): boolean {
  if (interaction.context === InteractionContextType.BotDM) return true;
  const isMember = interaction.authorizingIntegrationOwners?.[ApplicationIntegrationType.GuildInstall];
  if (interaction.context !== InteractionContextType.Guild || !isMember) return false;
  const write = interaction.channel?.isThread()
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  return interaction.appPermissions.has([PermissionFlagsBits.ViewChannel, write]);
}
