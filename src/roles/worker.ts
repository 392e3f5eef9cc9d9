/** The role of a worker: the models, and the generator that takes stories from the queue. */
import { superviseEngines } from '../generator/engines/openers.ts';
import { listModels } from '../generator/model/files.ts';
import { ModelRegistry } from '../generator/model-registry.ts';
import { beat } from '../healthcheck.ts';
import { watchSlots } from '../metrics.ts';
import { keepAnnouncing, StoryWorker } from '../queue/story-worker.ts';
import type { Host, OpenQueue } from './host.ts';

/** Stories that a worker takes from the queue beyond its slots, so that a free slot is filled at once. */
const TAKEN_AHEAD = 8;
/** The worker counts as stuck when none of its running stories has grown for this long. */
const STUCK_MS = 60_000;

/** A worker whose models are being loaded. */
export interface LoadingWorker {
  /** Resolves when the worker takes stories. */
  start(queue: OpenQueue): Promise<void>;
}

/** Begins to load the models, which takes no queue. */
export async function loadWorker(host: Host): Promise<LoadingWorker> {
  const { config, checks, logger, opened } = host;
  const choices = await listModels(config.modelsFolder);
  const registry = new ModelRegistry({
    modelsFolder: config.modelsFolder,
    choices,
    capacity: config.slots,
    threads: config.threads,
    engines: superviseEngines(config.engine, (line) => logger.info(`engine: ${line}`)),
    maxWaiting: TAKEN_AHEAD,
    log: (line) => logger.info(line),
  });
  checks.ready.models = () => (registry.status.ready ? undefined : 'the models are not loaded');
  if (config.operator) watchSlots(() => ({ active: registry.active, capacity: config.slots }));
  logger.info(`loading the models ${choices.map(({ name }) => name).join(', ')}`);
  const loaded = registry.open();
  // `start` reports a failure; it may have to wait for the queue first.
  loaded.catch(() => {});
  opened.add(async () => {
    await loaded.catch(() => {});
    await registry.close();
  });
  return { start: (queue) => startWorker(host, queue, registry, loaded) };
}

async function startWorker(
  { config, checks, logger, opened }: Host,
  { connection, stories }: OpenQueue,
  registry: ModelRegistry,
  loaded: Promise<void>,
): Promise<void> {
  const { heartbeatFile } = config;
  let worker: StoryWorker | undefined;
  const stopAnnouncing = keepAnnouncing(
    stories,
    () => {
      const { loaded, ready } = registry.status;
      return { phase: ready ? 'ready' : 'loading', loaded, ...worker?.speed };
    },
    ({ phase }) => {
      if (heartbeatFile && phase === 'ready') beat(heartbeatFile, logger);
    },
  );
  opened.add(async () => stopAnnouncing());
  await loaded;
  const writer = new StoryWorker({
    connection,
    stories,
    logger,
    storyteller: registry.storyteller.bind(registry),
    recover: registry.recover.bind(registry),
    concurrency: config.slots + TAKEN_AHEAD,
  });
  worker = writer;
  opened.add(() => writer.close());
  checks.alive.writer = () => (writer.stuckMs > STUCK_MS ? 'no story grows any more' : undefined);
  await writer.ready();
  logger.info({ slots: config.slots, threads: config.threads }, 'storyteller ready');
}
