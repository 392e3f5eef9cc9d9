/** The role of the bots: the page and the chat adapters. */
import { startChat } from '../bots/adapter.ts';
import { BlockLists } from '../bots/blocks.ts';
import type { ChatServices } from '../bots/chat-context.ts';
import { keepStarting, type Startable } from '../bots/keep-starting.ts';
import { webReplies, workWebReplies } from '../bots/web/replies.ts';
import { clientAt } from '../bots/web/request.ts';
import { createWebServer } from '../bots/web/server.ts';
import { listModels } from '../generator/model/files.ts';
import { watchFeedback } from '../metrics.ts';
import { openLimits } from '../queue/admission/open-limits.ts';
import { Feedback } from '../queue/feedback.ts';
import { outlast } from '../queue/outage.ts';
import { Removals } from '../queue/removals.ts';
import { Replies } from '../queue/replies.ts';
import { keepSweeping } from '../queue/retention.ts';
import { Shares } from '../queue/shares.ts';
import { createRequestReader, drawSeed } from '../story/story-request.ts';
import type { Host, OpenQueue } from './host.ts';

type Sweepable = Pick<Replies<unknown>, 'name' | 'count' | 'removeOlderThan'>;

interface ChatQueues {
  readonly replies: Sweepable;
  readonly removals: Sweepable;
  readonly votes: Sweepable;
  readonly shelf: Pick<Sweepable, 'name' | 'removeOlderThan'>;
  readonly relays: Sweepable;
}

/**
 * Starts the bots.
 *
 * @param ready resolves when a worker in this process takes stories; its start has the queue to itself until then
 * @returns the address of the page
 */
export async function startBots(
  { config, checks, logger, opened }: Host,
  { connection, stories }: OpenQueue,
  ready: Promise<void>,
): Promise<string> {
  const models = await listModels(config.modelsFolder);
  const {
    limits,
    communityLimits,
    warmUp,
    close: closeLimits,
  } = await outlast(() => openLimits(connection, stories, config.limits));
  opened.add(closeLimits);
  const shares = new Shares(connection);
  opened.add(() => shares.close());
  const feedback = await outlast(() => Feedback.open(connection, config.retentionMs));
  checks.reports.feedback = (days) => feedback.counts(days);
  if (config.operator) watchFeedback(() => feedback.counts());
  const replies = new Replies<null>(connection, 'web', logger, limits, shares, feedback);
  opened.add(() => replies.close());
  const removals = new Removals<null>(connection, replies, stories, logger);
  opened.add(() => removals.close());
  const blocks = new BlockLists(connection, config.blocked);
  opened.add(() => blocks.close());
  await Promise.all([replies.ready(), removals.ready(), outlast(() => blocks.ready()), shares.ready()]);
  workWebReplies(replies, stories, { pace: config.pace, concurrency: config.replies });
  // The page shows a reply itself: there is no message to delete.
  removals.work(async () => {});
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
    shares,
    feedback,
    publicUrl: config.publicUrl,
    pace: config.pace,
    concurrency: config.replies,
    privacy: {
      retentionMs: config.retentionMs,
      shareMs: config.publicUrl === undefined ? undefined : config.shareMs,
      shelfMs: config.shelfMs,
      url: config.privacyUrl,
    },
    logger,
  };
  let isListening = false;
  checks.ready.page = () => (isListening ? undefined : 'the page is not open yet');
  const swept: Pick<Sweepable, 'name' | 'removeOlderThan'>[] = [];
  const lookAfter = (one: Sweepable) => {
    swept.push(one);
    checks.queues[one.name] = () => one.count();
  };
  lookAfter(replies);
  lookAfter(removals);
  const lookAfterChat = (chat: ChatQueues) => {
    lookAfter(chat.replies);
    lookAfter(chat.removals);
    lookAfter(chat.votes);
    const { name } = chat.shelf;
    swept.push({ name, removeOlderThan: () => chat.shelf.removeOlderThan(config.shelfMs) });
    lookAfter(chat.relays);
  };
  lookAfter({
    name: shares.name,
    count: () => shares.count(),
    removeOlderThan: () => shares.removeOlderThan(config.shareMs),
  });
  const { discord, slack } = config;
  // A platform's library is loaded only if its token is set.
  const platforms: Record<string, (() => Promise<Startable & ChatQueues>) | undefined> = {
    Discord:
      discord &&
      (async () => {
        const { DiscordAdapter } = await import('../bots/discord/adapter.ts');
        return startChat(() => DiscordAdapter.connect(discord), services);
      }),
    Slack:
      slack &&
      (async () => {
        const { SlackAdapter } = await import('../bots/slack/adapter.ts');
        return startChat(() => SlackAdapter.connect(slack, connection, models, logger), services);
      }),
  };
  const starting = Object.entries(platforms).map(async ([name, start]) => {
    if (!start) return;
    const platform = await keepStarting(name, start, (chat) => lookAfterChat(chat), logger);
    opened.add(() => platform.close());
    checks.trouble[name.toLowerCase()] = () => platform.problem();
  });
  await Promise.all(starting);
  opened.add(
    keepSweeping({ connection, stories, queues: swept, feedback, retentionMs: config.retentionMs, logger }),
  );
  const server = createWebServer({
    replies: webReplies(replies, removals, stories, limits, feedback),
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
    ...(config.publicUrl ? { sharing: { shares, publicUrl: config.publicUrl } } : {}),
    links: { privacy: config.privacyUrl, source: config.sourceUrl },
  });
  opened.add(() => server.close());
  const url = await server.listen();
  isListening = true;
  // A failure is one of the queue, which the next request reports.
  ready.then(warmUp).catch(() => {});
  return url;
}
