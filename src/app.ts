/**
 * The roles of a process: bots (chat adapters and the page), a generator worker, or both. Wiring only: every
 * part receives its dependencies from here.
 */
import type { Logger } from 'pino';
import { type ChatServices, startChat } from './bots/adapter.ts';
import { BlockLists } from './bots/blocks.ts';
import { keepStarting, type Startable } from './bots/keep-starting.ts';
import { webReplies, workWebReplies } from './bots/web/replies.ts';
import { clientAt } from './bots/web/request.ts';
import { createWebServer } from './bots/web/server.ts';
import type { Config } from './config.ts';
import { Disposer } from './disposer.ts';
import { StoryError } from './errors.ts';
import { superviseEngines } from './generator/engines/openers.ts';
import { listModels } from './generator/model/files.ts';
import { ModelRegistry } from './generator/model-registry.ts';
import { beat } from './healthcheck.ts';
import { watchExpectedWait, watchProcess, watchQueues, watchSlots } from './metrics.ts';
import type { Check, OperatorServer } from './operator/server.ts';
import { openLimits } from './queue/admission/limits.ts';
import type { QueueConnection } from './queue/connection.ts';
import { awaitConnection } from './queue/open.ts';
import { outlast } from './queue/outage.ts';
import { Replies } from './queue/replies.ts';
import { keepSweeping } from './queue/retention.ts';
import { STORIES_QUEUE, Stories } from './queue/stories.ts';
import { keepAnnouncing, StoryWorker } from './queue/story-worker.ts';
import { createRequestReader, drawSeed } from './story/story-request.ts';
import type { Tracing } from './tracing.ts';

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

/** Stories that a worker takes from the queue beyond its slots, so that a free slot is filled at once. */
const TAKEN_AHEAD = 8;
/** The worker counts as stuck when none of its running stories has grown for this long. */
const STUCK_MS = 60_000;

type Sweepable = Pick<Replies<unknown>, 'name' | 'count' | 'removeOlderThan'>;

/** The checks that the operator's port serves; each role adds its own as it starts. */
interface Checks {
  readonly alive: Record<string, Check>;
  readonly ready: Record<string, Check>;
  readonly trouble: Record<string, Check>;
  readonly queues: Record<string, () => Promise<Record<string, number>>>;
}

/**
 * Starts the roles. Waits for a queue that cannot be reached.
 *
 * @throws StoryError `configuration` or `model_unavailable`, saying what to do
 */
export async function startRoles(roles: Roles, config: Config, logger: Logger): Promise<Running> {
  if (!config.redisUrl && !(roles.bots && roles.worker)) {
    const role = roles.bots ? 'bots' : 'worker';
    throw new StoryError(
      'configuration',
      `Without REDIS_URL the queue lives inside one process, so \`${role}\` alone would have nobody to work with. ` +
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
    };
    // Opened first, so that probes can see a process that is still starting.
    const operator = await startOperatorIfAsked(config, checks, logger);
    if (operator) opened.add(() => operator.close());
    const tracing = await startTracingIfAsked(config, logger);
    if (tracing) opened.add(() => tracing.close());
    const connection = await awaitConnection(
      { ...config, ...(tracing && { telemetry: tracing.telemetry }) },
      logger,
    );
    opened.add(() => connection.close());
    logger.info({ queue: connection.backend }, 'queue open');
    const stories = new Stories(connection);
    opened.add(() => stories.close());
    await stories.ready();
    checks.ready.queue = async () => void (await stories.count());
    checks.queues[STORIES_QUEUE] = () => stories.count();
    if (operator) showExpectedWait(stories);
    if (operator && config.operator?.boardPassword !== undefined) showBoard(operator, connection, opened);
    const url = roles.bots ? await startBots(config, connection, stories, checks, logger, opened) : undefined;
    const ready = roles.worker
      ? startWorker(config, connection, stories, checks, logger, opened)
      : Promise.resolve();
    const closeAll = () => {
      isClosing = true;
      return opened.close();
    };
    return { url, ready, failed: connection.lost, close: closeAll };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Starts tracing if a collector is configured; the libraries are loaded only then. */
async function startTracingIfAsked({ isTraced }: Config, logger: Logger): Promise<Tracing | undefined> {
  if (!isTraced) return undefined;
  const { startTracing } = await import('./tracing.ts');
  return startTracing(logger);
}

/** Starts the operator's port, if one is set. */
async function startOperatorIfAsked(
  { operator }: Config,
  { alive, ready, trouble, queues }: Checks,
  logger: Logger,
): Promise<OperatorServer | undefined> {
  if (!operator) return undefined;
  const { startOperatorServer } = await import('./operator/server.ts');
  const server = await startOperatorServer({ ...operator, alive, ready, trouble, logger });
  watchProcess();
  watchQueues(queues);
  return server;
}

function showExpectedWait(stories: Stories): void {
  watchExpectedWait(async () => {
    const { waiting, running } = await stories.load();
    const ms = stories.expectedWaitMs(waiting, running);
    return ms === undefined ? undefined : ms / 1_000;
  });
}

function showBoard(operator: OperatorServer, connection: QueueConnection, opened: Disposer): void {
  const names = [STORIES_QUEUE, ...['web', 'discord', 'slack'].map((platform) => `replies-${platform}`)];
  const shown = names.map((name) => connection.queue(name));
  opened.add(() => Promise.all(shown.map((queue) => queue.close())));
  operator.showQueues(shown);
}

async function startBots(
  config: Config,
  connection: QueueConnection,
  stories: Stories,
  checks: Checks,
  logger: Logger,
  opened: Disposer,
): Promise<string> {
  const models = await listModels(config.modelsFolder);
  const {
    limits,
    communityLimits,
    close: closeLimits,
  } = await outlast(() => openLimits(connection, stories, config.limits));
  opened.add(closeLimits);
  const replies = new Replies<null>(connection, 'web', logger, limits);
  opened.add(() => replies.close());
  await replies.ready();
  workWebReplies(replies, stories, { pace: config.pace, concurrency: config.replies });
  const blocks = new BlockLists(connection, config.blocked);
  opened.add(() => blocks.close());
  await outlast(() => blocks.ready());
  const readRequest = createRequestReader({ models, drawSeed });
  const services: ChatServices = {
    connection,
    stories,
    models,
    readRequest,
    limits,
    communityLimits,
    limitSettings: config.limits,
    blocks,
    pace: config.pace,
    concurrency: config.replies,
    privacy: { retentionMs: config.retentionMs, url: config.privacyUrl },
    logger,
  };
  let isListening = false;
  checks.ready.page = () => (isListening ? undefined : 'the page is not open yet');
  const swept: Sweepable[] = [];
  const lookAfter = (one: Sweepable) => {
    swept.push(one);
    checks.queues[one.name] = () => one.count();
  };
  lookAfter(replies);
  const { discord, slack } = config;
  // A platform's library is loaded only if its token is set.
  const platforms: Record<string, (() => Promise<Startable & { replies: Sweepable }>) | undefined> = {
    Discord:
      discord &&
      (async () => {
        const { DiscordAdapter } = await import('./bots/discord/adapter.ts');
        return startChat(() => DiscordAdapter.connect(discord), services);
      }),
    Slack:
      slack &&
      (async () => {
        const { SlackAdapter } = await import('./bots/slack/adapter.ts');
        return startChat(() => SlackAdapter.connect(slack, connection, models, logger), services);
      }),
  };
  for (const [name, start] of Object.entries(platforms)) {
    if (!start) continue;
    const platform = await keepStarting(name, start, (chat) => lookAfter(chat.replies), logger);
    opened.add(() => platform.close());
    checks.trouble[name.toLowerCase()] = () => platform.problem();
  }
  opened.add(keepSweeping({ connection, stories, replies: swept, retentionMs: config.retentionMs, logger }));
  const server = createWebServer({
    replies: webReplies(replies, stories, limits),
    models,
    parseRequest: readRequest,
    logger,
    host: config.host,
    port: config.port,
    allowedHosts: config.allowedHosts,
    clientAt: (address) => clientAt(address, config.pageLimits),
    ...(config.trustProxy ? { trustProxy: config.trustProxy } : {}),
    limits: { stories: config.storiesPerMinute, requests: config.requestsPerMinute },
    maxFollowersPerClient: config.streamsPerClient,
    links: { privacy: config.privacyUrl, source: config.sourceUrl },
  });
  opened.add(() => server.close());
  const url = await server.listen();
  isListening = true;
  return url;
}

async function startWorker(
  config: Config,
  connection: QueueConnection,
  stories: Stories,
  checks: Checks,
  logger: Logger,
  opened: Disposer,
): Promise<void> {
  const choices = await listModels(config.modelsFolder);
  const registry = new ModelRegistry({
    modelsFolder: config.modelsFolder,
    choices,
    capacity: config.slots,
    threads: config.threads,
    engines: superviseEngines(config.engine, (line) => logger.info(`engine: ${line}`)),
    maxWaiting: TAKEN_AHEAD,
  });
  opened.add(() => registry.close());
  checks.ready.models = () => (registry.status.ready ? undefined : 'the models are not loaded');
  if (config.operator) watchSlots(() => ({ active: registry.active, capacity: config.slots }));
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
  logger.info(`loading the models ${choices.map(({ name }) => name).join(', ')}`);
  await registry.open();
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
