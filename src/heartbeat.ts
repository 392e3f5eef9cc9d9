/** A heartbeat for a health check that can only read files, such as a container's. */
import { writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';

/**
 * Writes the time; the health check reads the file's modification time. A failed write counts as a missed
 * heartbeat.
 */
export async function beat(file: string, logger: Logger): Promise<void> {
  try {
    await writeFile(file, new Date().toISOString());
  } catch (error) {
    logger.warn(
      { reason: (error as Error).message },
      'no heartbeat: set SCIFI_HEARTBEAT to a file that can be written',
    );
  }
}
