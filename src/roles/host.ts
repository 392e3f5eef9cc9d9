/** The process that a role runs in, and the queue that the roles share. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Disposer } from '../disposer.ts';
import type { Check, Report } from '../operator/server.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { awaitConnection } from '../queue/open.ts';
import { STORIES_QUEUE, Stories } from '../queue/stories.ts';
import type { Tracing } from '../tracing.ts';

/** The checks that the operator's port serves; each role adds its own as it starts. */
export interface Checks {
  readonly alive: Record<string, Check>;
  readonly ready: Record<string, Check>;
  readonly trouble: Record<string, Check>;
  readonly queues: Record<string, () => Promise<Record<string, number>>>;
  readonly reports: Record<string, Report>;
}

/** The process that a role runs in. */
export interface Host {
  readonly config: Config;
  readonly checks: Checks;
  readonly logger: Logger;
  /** Closes what was opened, in reverse order. */
  readonly opened: Disposer;
}

/** The queue, opened. */
export interface OpenQueue {
  readonly connection: QueueConnection;
  readonly stories: Stories;
}

/**
 * Opens the queue; waits for one that cannot be reached.
 *
 * @param underWay see `ConnectionSettings`
 */
export async function openQueue(
  { config, checks, logger, opened }: Host,
  tracing: Tracing | undefined,
  underWay: () => void,
): Promise<OpenQueue> {
  const connection = await awaitConnection(
    { ...config, ...(tracing && { telemetry: tracing.telemetry }), underWay },
    logger,
  );
  opened.add(() => connection.close());
  logger.info({ queue: connection.backend }, 'queue open');
  const stories = new Stories(connection);
  opened.add(() => stories.close());
  await stories.ready();
  checks.ready.queue = async () => void (await stories.count());
  checks.queues[STORIES_QUEUE] = () => stories.count();
  return { connection, stories };
}
