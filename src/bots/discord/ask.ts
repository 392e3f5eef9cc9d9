/** From something a person did on Discord to a reply in the queue. */
import { randomInt } from 'node:crypto';
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
 * Answers an interaction with a story. The acknowledgement and the queue are asked at once: a slow queue does
 * not cost the three seconds, nor a crash between the two the story.
 *
 * @param prepare finds out what is wished for, which may take longer than three seconds
 */
export async function answerWithStory(
  interaction: Asking,
  prepare: () => Promise<Wish>,
  tools: AskTools,
): Promise<void> {
  const at = Date.now();
  const acknowledging = acknowledge(interaction, tools.logger);
  try {
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
  } catch (error) {
    // A copy of something that another process has answered: nothing more is said.
    if ((await acknowledging) === 'copy') return;
    const { code, message } = logged(error, tools.logger);
    await interaction
      .editReply({ content: message, allowedMentions: { parse: [] } })
      .catch((failure) => tools.logger.warn({ code, ...loggable(failure) }, 'a refusal was not delivered'));
  }
  await acknowledging;
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
