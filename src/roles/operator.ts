/** The operator's port of a process; loaded only where one is set. */
import { watchExpectedWait, watchProcess, watchQueues } from '../metrics.ts';
import { type OperatorServer, startOperatorServer } from '../operator/server.ts';
import { SHARES_QUEUE } from '../queue/shares.ts';
import { STORIES_QUEUE, type Stories } from '../queue/stories.ts';
import type { Host, OpenQueue } from './host.ts';

/** Starts the operator's port. */
export async function startOperator(
  { checks, logger, opened }: Host,
  settings: NonNullable<Host['config']['operator']>,
): Promise<OperatorServer> {
  const { queues, ...shown } = checks;
  const server = await startOperatorServer({ ...settings, ...shown, logger });
  opened.add(() => server.close());
  watchProcess();
  watchQueues(queues);
  return server;
}

/** Shows the queue: the expected wait among the metrics, and the board where it has a password. */
export function showQueue(
  { config, opened }: Host,
  { connection, stories }: OpenQueue,
  operator: OperatorServer,
): void {
  showExpectedWait(stories);
  if (config.operator?.boardPassword === undefined) return;
  const platforms = ['web', 'discord', 'slack'];
  const ofPlatforms = platforms.flatMap((one) => [`replies-${one}`, `removals-${one}`]);
  const names = [STORIES_QUEUE, ...ofPlatforms, SHARES_QUEUE];
  const shown = names.map((name) => connection.queue(name));
  opened.add(() => Promise.all(shown.map((queue) => queue.close())));
  operator.showQueues(shown);
}

function showExpectedWait(stories: Stories): void {
  watchExpectedWait(async () => {
    const { waiting, running } = await stories.load();
    const ms = stories.expectedWaitMs(waiting, running);
    return ms === undefined ? undefined : ms / 1_000;
  });
}
