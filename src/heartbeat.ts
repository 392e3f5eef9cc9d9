/**
 * A sign of life for a health check that has only files to look at, as a container's has.
 */
import { writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';

/** Writes the time down; the file's own time is what is looked at. A beat that fails is a beat missed. */
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
