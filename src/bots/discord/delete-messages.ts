/** Deletes the messages of a reply on Discord. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AddressOf } from '../chat-context.ts';
import { UNDELETABLE } from '../ownership.ts';
import type { DiscordApi } from './api.ts';
import { failureOf, loggable } from './failures.ts';
import type { DiscordHandle } from './surface.ts';

/** Time in which another process's acknowledgement arrives. */
const ACKNOWLEDGEMENT_MS = 300;

type Address = AddressOf<DiscordHandle>;

/**
 * Deletes messages of the bot, through the interaction where it is the response, and otherwise with the bot's own
 * permissions. A user whose messages the bot may not delete is told.
 *
 * @throws Discord's error when another attempt may succeed
 */
export async function deleteMessages(
  address: Address,
  messages: readonly string[],
  api: DiscordApi,
  applicationId: string,
  logger: Logger,
): Promise<void> {
  let isRefused = false;
  for (const message of messages) {
    if (await isAnswerDeleted(address, message, api, applicationId)) continue;
    try {
      await api.delete(address.channelId, message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'gone') continue;
      if (failure !== 'forbidden') throw error;
      logger.warn({ message, ...loggable(error) }, 'a message was not deleted');
      isRefused = true;
    }
  }
  const { interaction } = address;
  if (!isRefused || !interaction) return;
  await api.followUp(applicationId, interaction.token, UNDELETABLE).catch((error) => {
    logger.warn(loggable(error), 'a user could not be told that messages remain');
  });
}

/** Deletes a message through the interaction; false when that is not possible. */
async function isAnswerDeleted(
  { interaction }: Address,
  message: string,
  api: DiscordApi,
  applicationId: string,
): Promise<boolean> {
  if (interaction?.on !== message) return false;
  const isDeleted = async () => {
    try {
      await api.deleteAnswer(applicationId, interaction.token);
      return true;
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== 'gone' && failure !== 'expired') throw error;
      return failure === 'gone';
    }
  };
  if (await isDeleted()) return true;
  // The interaction may not be acknowledged yet, or never was, because its process was killed.
  await api.acknowledge(interaction).catch(() => sleep(ACKNOWLEDGEMENT_MS));
  return isDeleted();
}
