/** The queue of a command that reads or changes what is stored with it. */
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { StoryError } from '../errors.ts';
import type { QueueConnection } from '../queue/connection.ts';

/**
 * Opens the queue, runs `act`, and closes it.
 *
 * @param remedy what to do instead while a bot has the embedded queue, which belongs to one process
 */
export async function withQueue<Result>(
  config: Config,
  remedy: string,
  act: (connection: QueueConnection) => Promise<Result>,
): Promise<Result> {
  const { openConnection } = await import('../queue/open.ts');
  const connection = await openConnection(config, pino({ level: 'silent' })).catch((error) => {
    if (config.redisUrl || !(error instanceof StoryError)) throw error;
    throw new StoryError(error.code, `${error.message} ${remedy}`, { cause: error });
  });
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}
