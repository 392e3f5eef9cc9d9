/** Deletes the messages of a reply on Slack. */
import type { Logger } from 'pino';
import type { AddressOf } from '../chat-context.ts';
import { UNDELETABLE } from '../ownership.ts';
import type { SlackApi } from './api.ts';
import type { SlackHandle } from './conversations.ts';
import { codeOf, failureOf, loggable, type SlackFailure } from './failures.ts';

/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];
/** The message does not exist. */
const DELETED = 'message_not_found';

/**
 * Deletes messages of the bot. A user whose messages the bot may not delete is told.
 *
 * @throws Slack's error when another attempt may succeed
 */
export async function deleteMessages(
  address: AddressOf<SlackHandle>,
  messages: readonly string[],
  api: SlackApi,
  logger: Logger,
): Promise<void> {
  let isRefused = false;
  for (const message of messages) {
    try {
      await api.delete(address, message);
    } catch (error) {
      if (codeOf(error) === DELETED) continue;
      if (PASSING.includes(failureOf(error))) throw error;
      logger.warn({ message, ...loggable(error) }, 'a message was not deleted');
      isRefused = true;
    }
  }
  if (!isRefused || !address.responseUrl) return;
  await api.postEphemeral(address.responseUrl, UNDELETABLE).catch((error) => {
    logger.warn(loggable(error), 'a user could not be told that messages remain');
  });
}
