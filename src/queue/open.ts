import type { Logger } from 'pino';
import type { ConnectionSettings, QueueConnection } from './connection.ts';
import { isOutage, outlast } from './outage.ts';

/** How often the log repeats that the process waits for the queue. */
const REMINDER_MS = 30_000;

/** Opens the queues: on Redis when there is an address, otherwise embedded in this process. */
export async function openConnection(settings: ConnectionSettings, logger: Logger): Promise<QueueConnection> {
  const { redisUrl } = settings;
  if (!redisUrl) {
    const { openEmbedded } = await import('./backends/embedded/connection.ts');
    return openEmbedded(settings, logger);
  }
  const { openRedis } = await import('./backends/redis/connection.ts');
  const opening = openRedis({ ...settings, redisUrl }, logger);
  settings.underWay?.();
  return opening;
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
  let loggedAt = Number.NEGATIVE_INFINITY;
  const attempt = async () => {
    try {
      return await openConnection(settings, logger);
    } catch (error) {
      if (isOutage(error) && performance.now() - loggedAt > REMINDER_MS) {
        loggedAt = performance.now();
        logger.warn({ reason: (error as Error).message }, 'waiting for the queue');
      }
      throw error;
    }
  };
  return outlast(attempt);
}
