import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StoryError } from '../errors.ts';
import { openEmbedded } from './backends/embedded/connection.ts';
import { openRedis } from './backends/redis/connection.ts';
import type { ConnectionSettings, QueueConnection } from './connection.ts';

/** Pauses between two attempts to reach the queue: growing, so that it is there soon after it has come back. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** How often it is said again that the queue is waited for. */
const REMINDER_MS = 30_000;

/** Opens the queues: on Redis when there is an address, otherwise embedded in this process. */
export function openConnection(settings: ConnectionSettings, logger: Logger): Promise<QueueConnection> {
  const { redisUrl } = settings;
  return redisUrl ? openRedis({ ...settings, redisUrl }, logger) : openEmbedded(settings, logger);
}

/**
 * Opens the queues, and waits for as long as it takes where they only cannot be reached: after a power cut
 * everything starts at once, and a process that ends instead is held back longer and longer by whoever restarts it.
 *
 * @throws StoryError `configuration` for what waiting does not mend
 */
export async function awaitConnection(
  settings: ConnectionSettings,
  logger: Logger,
): Promise<QueueConnection> {
  let said = Number.NEGATIVE_INFINITY;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await openConnection(settings, logger);
    } catch (error) {
      if (!(error instanceof StoryError) || error.code !== 'queue_unavailable') throw error;
      if (performance.now() - said > REMINDER_MS) {
        said = performance.now();
        logger.warn({ reason: error.message }, 'waiting for the queue');
      }
      await sleep(pauseMs);
    }
  }
}
