import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StoryError } from '../errors.ts';
import { openEmbedded } from './backends/embedded/connection.ts';
import { openRedis } from './backends/redis/connection.ts';
import type { ConnectionSettings, QueueConnection } from './connection.ts';

/**
 * Pauses between two attempts to reach the queue: growing, and bounded so that the process resumes soon after
 * it is back.
 */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** How often the log repeats that the process waits for the queue. */
const REMINDER_MS = 30_000;

/** Opens the queues: on Redis when there is an address, otherwise embedded in this process. */
export function openConnection(settings: ConnectionSettings, logger: Logger): Promise<QueueConnection> {
  const { redisUrl } = settings;
  return redisUrl ? openRedis({ ...settings, redisUrl }, logger) : openEmbedded(settings, logger);
}

/**
 * Opens the queues, and waits without a limit while they only cannot be reached: after a power failure
 * everything starts at once, and a supervisor delays a process that exits instead longer and longer.
 *
 * @throws StoryError `configuration` for errors that waiting does not fix
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
