/**
 * The roles of a process: bots (chat adapters and the page), a generator worker, or both. Wiring only: every
 * part receives its dependencies from here, and from the roles, each of which is loaded only where it runs.
 */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { Disposer } from './disposer.ts';
import { StoryError } from './errors.ts';
import { type Checks, type Host, type OpenQueue, openQueue } from './roles/host.ts';

export interface Roles {
  readonly bots: boolean;
  readonly worker: boolean;
}

export interface Running {
  /** Address of the page; undefined without the bots' role. */
  readonly url: string | undefined;
  /**
   * Resolves when the worker's models are loaded, at once without that role; rejects when they cannot be
   * loaded.
   */
  readonly ready: Promise<void>;
  /** Resolves when the process cannot continue and has to be restarted. */
  readonly failed: Promise<StoryError>;
  /** Stops taking work, hands over the work under way, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts the roles. Waits for a queue that cannot be reached.
 *
 * @throws StoryError `configuration` or `model_unavailable`, saying what to do
 */
export async function startRoles(roles: Roles, config: Config, logger: Logger): Promise<Running> {
  if (!config.redisUrl && !(roles.bots && roles.worker)) {
    const role = roles.bots ? 'bots' : 'worker';
    const other = roles.bots ? 'worker' : 'bots';
    throw new StoryError(
      'configuration',
      `Without REDIS_URL the queue is embedded in one process, which \`${role}\` could not share with \`${other}\`. ` +
        'Set REDIS_URL to run the roles apart, or run `start`.',
    );
  }
  const opened = new Disposer(logger);
  try {
    let isClosing = false;
    const checks: Checks = {
      alive: {},
      ready: {
        closing: () => (isClosing ? 'this process is closing' : undefined),
        queue: () => 'the queue is not open yet',
      },
      trouble: {},
      queues: {},
      reports: {},
    };
    const host: Host = { config, checks, logger, opened };
    // First, so that probes can see a process that is still starting.
    const operator = config.operator && (await import('./roles/operator.ts'));
    const server = config.operator && (await operator?.startOperator(host, config.operator));
    const tracing = config.isTraced ? await (await import('./tracing.ts')).startTracing(logger) : undefined;
    if (tracing) opened.add(() => tracing.close());
    // The code of the roles, and a worker's models, are loaded while the queue is opened.
    let opening!: Promise<OpenQueue>;
    await new Promise<void>((resolve, reject) => {
      opening = openQueue(host, tracing, resolve);
      opening.catch(reject);
    });
    const loading = Promise.all([
      roles.bots ? import('./roles/bots.ts') : undefined,
      roles.worker ? import('./roles/worker.ts').then((worker) => worker.loadWorker(host)) : undefined,
    ]);
    // Reported when the queue is open: a process that waits for its queue is not restarted meanwhile.
    loading.catch(() => {});
    const queue = await opening;
    const [bots, worker] = await loading;
    if (operator && server) operator.showQueue(host, queue, server);
    const ready = worker?.start(queue) ?? Promise.resolve();
    // Reported by the caller, which awaits it after the page is open.
    ready.catch(() => {});
    const url = await bots?.startBots(host, queue, ready);
    const closeAll = () => {
      isClosing = true;
      return opened.close();
    };
    return { url, ready, failed: queue.connection.lost, close: closeAll };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
