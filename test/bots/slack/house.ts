/**
 * The path from a user on Slack to a story, in one process: the fake Slack, the real Bolt, a real queue, a
 * real worker, and a fake generator that returns plausible words at once.
 */
import { pino } from 'pino';
import { BlockLists } from '../../../src/bots/blocks/block-lists.ts';
import type { DailyTools } from '../../../src/bots/commands/daily.ts';
import { readBlocks } from '../../../src/bots/slack/reply/story-text.ts';
import { type Slack, type SlackOptions, startSlack } from '../../../src/bots/slack/start.ts';
import { createRequestReader } from '../../../src/bots/story-request.ts';
import { slackEscaping } from '../../../src/bots/text/sanitise.ts';
import type { SlackConfig } from '../../../src/config.ts';
import type { LimitSettings } from '../../../src/queue/admission/limit-settings.ts';
import { openLimits } from '../../../src/queue/admission/open.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../../src/queue/story-worker.ts';
import type { ModelChoice } from '../../../src/story/story.ts';
import { fakeStoryteller } from '../../fakes/fake-storyteller.ts';
import type { Delivery } from '../../fakes/slack/delivery.ts';
import { FakeSlack } from '../../fakes/slack/fake-slack.ts';
import { buttonsOf, labelOf, Person } from '../../fakes/slack/people.ts';
import { type FakeChannel, type FakeMessage, type Seen, wordsOf } from '../../fakes/slack/world.ts';
import { BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';
import { until } from '../../helpers/programs.ts';

export const MODELS: ModelChoice[] = [
  { name: 'scifi', title: 'Science fiction', description: 'Pulp' },
  { name: 'melville', title: 'Melville', description: 'The sea' },
];
/** Characters a second: a story of a thousand characters takes two seconds. */
const PACE = 500;
/** Faster than in production; the call budget still applies. */
const EDIT_INTERVAL_MS = 250;
export const FOOTER = / · temperature .* · seed .* · written by a neural network$/;

export interface House {
  readonly slack: FakeSlack;
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly blocks: BlockLists;
  readonly channel: FakeChannel;
  readonly ann: Person;
  readonly log: string[];
  readonly config: SlackConfig;
  /** The whole content of the queue's store, as text; on Redis only. */
  dump(): Promise<string>;
  /** The bot process's part; replaced by `restart`. */
  bot: Slack;
  restart(options?: Partial<SlackOptions>): Promise<void>;
  /** Starts the bot's part of another process. */
  another(options?: Partial<SlackOptions>): Promise<Slack>;
  /** Another conversation, created by Ann. */
  channelOf(options?: Parameters<FakeSlack['world']['addChannel']>[1]): FakeChannel;
  /** The ephemeral reply to a user's action; empty when there is none. */
  heard(delivery: Delivery): string;
  /** The ephemeral reply to the author of a message; empty when there is none. */
  heardAfter(message: FakeMessage): string;
  startWorker(): Promise<StoryWorker>;
  /** The dependencies of the daily line, for tests that run it at once. */
  tools(): DailyTools;
  close(): Promise<void>;
}

/** Opens the set-up. */
export async function openHouse(
  options: Partial<SlackOptions> & {
    readonly worker?: boolean;
    /** The limits and permissions; no restriction by default. */
    readonly allowed?: Partial<LimitSettings>;
    readonly settings?: (slack: FakeSlack) => Partial<SlackConfig>;
    readonly isEmbedded?: boolean;
  } = {},
): Promise<House> {
  // Uses Redis, which starts fast, where it is installed; otherwise the embedded queue.
  const usable = BACKENDS.filter(({ name, skip }) => !skip && (name === 'embedded') === !!options.isEmbedded);
  const backend: Backend = await (usable[0] ?? BACKENDS.find(({ skip }) => !skip)!).start();
  const connection = await backend.connect();
  const slack = await FakeSlack.start();
  slack.limits.isOn = options.allowance === undefined;
  const channel = slack.world.addChannel(slack.workspace);
  const log: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  const stories = new Stories(connection);
  await stories.ready();
  const allowed = { ...NO_LIMITS, ...options.allowed };
  const { limits, communityLimits, close: closeLimits } = await openLimits(connection, stories, allowed);
  const closers: (() => unknown)[] = [];
  const blocks = new BlockLists(connection, []);
  await blocks.ready();
  const readRequest = createRequestReader({ models: MODELS, drawSeed: () => 7 });
  const startBot = (more: Partial<SlackOptions> = {}) =>
    startSlack({
      config: { ...configOf(slack), ...options.settings?.(slack) },
      connection,
      stories,
      models: MODELS,
      readRequest,
      limits,
      communityLimits,
      limitSettings: allowed,
      blocks,
      pace: PACE,
      concurrency: 500,
      privacy: { retentionMs: 24 * 3_600_000, url: undefined },
      logger,
      editIntervalMs: EDIT_INTERVAL_MS,
      ...options,
      ...more,
    });
  const house: House = {
    slack,
    connection,
    stories,
    blocks,
    channel,
    log,
    config: { ...configOf(slack), ...options.settings?.(slack) },
    dump: () => backend.dump(),
    ann: new Person(slack, 'ann'),
    bot: await startBot(),
    async restart(more) {
      await house.bot.close();
      house.bot = await startBot(more);
    },
    another: startBot,
    channelOf: (more) => slack.world.addChannel(slack.workspace, { creatorId: house.ann.user.id, ...more }),
    heard: (delivery) => heard(slack, delivery),
    heardAfter: ({ channel: { id }, user, history }) =>
      slack.world.whispers
        .filter(({ at, channelId, userId }) => at >= history[0]!.at && channelId === id && userId === user.id)
        .map(({ text }) => text)
        .join('\n'),
    async startWorker() {
      const { storyteller } = fakeStoryteller({ capacity: 128, stepsPerDecode: 8 });
      const worker = new StoryWorker({
        connection,
        stories,
        logger,
        storyteller: () => storyteller,
        concurrency: 128,
      });
      await worker.ready();
      const silence = keepAnnouncing(stories, () => ({ phase: 'ready', loaded: 1 }));
      closers.push(async () => {
        silence();
        await worker.close();
        await storyteller.close();
      });
      return worker;
    },
    tools: () => house.bot.dailyTools,
    async close() {
      await house.bot.close();
      for (const closer of closers) await closer();
      await closeLimits();
      await blocks.close();
      await stories.close();
      await backend.stop();
      await slack.stop();
    },
  };
  if (options.worker !== false) await house.startWorker();
  return house;
}

/** Settings for the fake's own workspace, in Socket Mode. */
export function configOf(slack: FakeSlack): SlackConfig {
  return {
    botToken: slack.workspace.token,
    appToken: slack.world.appToken,
    http: undefined,
    installation: undefined,
    channelManagers: { isEverybody: false, ids: new Set() },
    host: '127.0.0.1',
    reply: 'edit',
    api: slack.api,
  };
}

/** The bot's messages in a channel, in a thread of it or at its top. */
export function botsMessages(channel: FakeChannel, threadTs?: string): FakeMessage[] {
  return [...channel.messages.values()].filter((message) => message.isBots && message.threadTs === threadTs);
}

/** An ended story whose text has the given beginning; the newest of several. */
export async function finished(
  channel: FakeChannel,
  is: (message: FakeMessage) => boolean = () => true,
  timeoutMs = 20_000,
): Promise<FakeMessage> {
  const find = () =>
    [...channel.messages.values()].reverse().find((message) => isOver(message) && is(message));
  return until(find, 'the end of a story', timeoutMs);
}

/** Whether a message has the buttons of an ended story. */
export function isOver(message: FakeMessage): boolean {
  return labelsOf(message).includes('Another');
}

/** The ephemeral reply to a user's action. */
export function heard(slack: FakeSlack, { payload, createdAt }: Delivery): string {
  const { channel_id, channel, user_id, user } = payload as Record<string, { id?: string } | string>;
  const idOf = (value: unknown) => (typeof value === 'string' ? value : (value as { id?: string })?.id);
  return slack.world.whispers
    .filter(({ at, channelId, userId }) => {
      return (
        at >= createdAt &&
        channelId === (idOf(channel_id) ?? idOf(channel)) &&
        userId === (idOf(user_id) ?? idOf(user))
      );
    })
    .map(({ text }) => text)
    .join('\n');
}

export function labelsOf(message: Pick<Seen, 'blocks'>): string[] {
  return buttonsOf(message).map(labelOf);
}

/** The story text of a message. */
export function textOf({ blocks }: Pick<Seen, 'blocks'>): string {
  return readBlocks(blocks) ?? '';
}

/** The small print under a message, as users see it. */
export function smallPrintOf({ blocks }: Pick<Seen, 'blocks'>): string {
  return slackEscaping.unescape(wordsOf(blocks, 'context'));
}
