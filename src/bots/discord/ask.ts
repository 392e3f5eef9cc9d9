/** From something a person did on Discord to a reply in the queue. */
import { randomInt } from 'node:crypto';
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
import { StoryError, sentenceFor } from '../../errors.ts';
import { admit } from '../../queue/limits.ts';
import type { Replies } from '../../queue/replies.ts';
import type { Stories } from '../../queue/stories.ts';
import type { StoryRequest } from '../../story.ts';
import { clean } from '../outgoing-text.ts';
import type { RequestReader } from '../story-request.ts';
import { failureOf, loggable } from './failures.ts';
import type { DiscordHandle } from './handle.ts';
import { costOf, PART_MAX } from './story-text.ts';

/** How long the queue is waited for before Discord is told that somebody thinks. */
const PATIENCE_MS = 300;
const SEEDS = 2 ** 32;
const TEMPERATURE_STEPS_PER_UNIT = 100;

export interface AskTools {
  readonly replies: Replies<DiscordHandle>;
  readonly stories: Stories;
  readonly maxWaiting: number;
  readonly readRequest: RequestReader;
  readonly logger: Logger;
}

export type Asking = ChatInputCommandInteraction | MessageContextMenuCommandInteraction | ButtonInteraction;

/** What a person asked for, and the message that it continues. */
export interface Wish {
  readonly request: StoryRequest;
  readonly source?: string | undefined;
}

export function drawSeed(): number {
  return randomInt(SEEDS);
}

/**
 * Reads what somebody typed, so that it can stand in a message and be read back out of it.
 *
 * @throws StoryError `bad_request` with a sentence
 */
export function readWish(
  readRequest: RequestReader,
  input: { readonly prompt: string; readonly temperature?: number | null } & Record<string, unknown>,
): StoryRequest {
  const { temperature, ...others } = input;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null));
  const rounded =
    typeof temperature === 'number' &&
    Math.round(temperature * TEMPERATURE_STEPS_PER_UNIT) / TEMPERATURE_STEPS_PER_UNIT;
  const request = readRequest({
    ...given,
    ...(rounded === false ? {} : { temperature: rounded }),
    prompt: clean(input.prompt).trimStart(),
  });
  if (costOf(request.prompt) > PART_MAX) {
    throw new StoryError('bad_request', 'That opening is too long for one message of Discord. Shorten it.');
  }
  return request;
}

/** Puts a reply into the queue. What was there before is there still, and was admitted then. */
export async function submit(
  { replies, stories, maxWaiting }: AskTools,
  id: string,
  request: StoryRequest,
  handle: DiscordHandle,
): Promise<void> {
  if (await replies.read(id)) return;
  await admit(stories, maxWaiting);
  await replies.submit(id, request, handle);
}

/**
 * Answers an interaction with a story. Discord is told "thinking…" when the story is safe in the queue, so
 * that a crash loses none that was acknowledged; and before that when the queue takes its time, because
 * Discord gives three seconds.
 *
 * @param prepare finds out what is wished for, which may take longer than that
 */
export async function answerWithStory(
  interaction: Asking,
  prepare: () => Promise<Wish>,
  tools: AskTools,
): Promise<void> {
  const asking = ask(interaction, prepare, tools).then(
    () => 'accepted' as const,
    (error: unknown) => logged(error, tools.logger),
  );
  const soon = await Promise.race([asking, sleep(PATIENCE_MS)]);
  if (soon && soon !== 'accepted') return whisper(interaction, soon.message);
  const acknowledged = await acknowledge(interaction, tools.logger);
  const outcome = await asking;
  // A copy of something that another process has answered: nothing more is said.
  if (outcome === 'accepted' || acknowledged !== 'done') return;
  await interaction.editReply({ content: outcome.message, allowedMentions: { parse: [] } });
}

async function ask(interaction: Asking, prepare: () => Promise<Wish>, tools: AskTools): Promise<void> {
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
  await submit(tools, `i${interaction.id}`, request, handle);
}

/** Says something that only the one who asked can see. */
export async function whisper(interaction: Asking, content: string): Promise<void> {
  await interaction.reply({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
}

/** The sentence for a person; what is no mistake of theirs is logged by its code. */
export function logged(error: unknown, logger: Logger): { readonly code: string; readonly message: string } {
  const { code, message } = sentenceFor(error);
  if (code === 'internal') logger.error({ err: error }, 'an interaction failed');
  else logger.info({ code }, 'an interaction was refused');
  return { code, message };
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
