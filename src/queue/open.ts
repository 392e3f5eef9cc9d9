import type { Logger } from 'pino';
import type { ConnectionSettings, QueueConnection } from './connection.ts';
import { openEmbedded } from './embedded/connection.ts';
import { openRedis } from './redis.ts';

/** Opens the queues: on Redis when there is an address, otherwise embedded in this process. */
export function openConnection(settings: ConnectionSettings, logger: Logger): Promise<QueueConnection> {
  const { redisUrl } = settings;
  return redisUrl ? openRedis({ ...settings, redisUrl }, logger) : openEmbedded(settings.dataFolder, logger);
}
