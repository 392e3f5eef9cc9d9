/**
 * Removes old data. BullMQ removes old jobs only when new ones end, and its event streams hold story text
 * after the jobs are gone.
 */
import type { Logger } from 'pino';
import type { QueueConnection } from './connection.ts';
import type { Replies } from './replies.ts';
import { STORIES_QUEUE, type Stories } from './stories.ts';

const SWEEP_INTERVAL_MS = 60_000;
/** Events older than this are of no use: a follower that missed them has read the job since. */
const EVENT_AGE_MS = 60_000;

export interface SweepOptions {
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly replies: readonly Pick<Replies<unknown>, 'name' | 'removeOlderThan'>[];
  /** How long finished stories are kept, in ms. */
  readonly retentionMs: number;
  readonly logger: Logger;
}

/** Removes data that is too old, once. */
export async function sweep({ connection, stories, replies, retentionMs }: SweepOptions): Promise<void> {
  await stories.removeOlderThan(retentionMs);
  for (const queue of replies) await queue.removeOlderThan(retentionMs);
  const before = Date.now() - EVENT_AGE_MS;
  for (const name of [STORIES_QUEUE, ...replies.map((queue) => queue.name)]) {
    await connection.deleteEvents(name, before);
  }
}

/** Sweeps every minute until the returned function is called. */
export function keepSweeping(options: SweepOptions): () => Promise<void> {
  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweep(options).catch((error) => {
      options.logger.warn({ reason: (error as Error).message }, 'sweep failed; the next one makes up for it');
    });
  }, SWEEP_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
