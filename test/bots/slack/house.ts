/**
 * Everything between a person on Slack and a story, in one process: the fake Slack, the real Bolt, a real
 * queue, a real worker, and a storyteller that writes plausible words at once.
 */
import { pino } from 'pino';
import type { DailyTools } from '../../../src/bots/daily.ts';
import { slackEscaping } from '../../../src/bots/outgoing-text.ts';
import { type Slack, type SlackOptions, startSlack } from '../../../src/bots/slack/start.ts';
import { readBlocks } from '../../../src/bots/slack/story-text.ts';
import { createRequestReader } from '../../../src/bots/story-request.ts';
import type { SlackConfig } from '../../../src/config.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../../src/queue/worker.ts';
import type { ModelChoice } from '../../../src/story.ts';
import { fakeStoryteller } from '../../fakes/fake-storyteller.ts';
import { FakeSlack } from '../../fakes/slack/fake-slack.ts';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import { BACKENDS, type Backend } from '../../helpers/backends.ts';
import { until } from '../../helpers/programs.ts';

export const MODELS: ModelChoice[] = [
  { name: 'scifi', title: 'Science fiction', description: 'Pulp' },
  { name: 'melville', title: 'Melville', description: 'The sea' },
];
/** Characters a second: a story of a thousand characters takes two seconds. */
const PACE = 500;
/** Faster than for people; the budget has its say all the same. */
const EDIT_INTERVAL_MS = 250;
export const FOOTER = / · temperature .* · seed .* · written by a neural network$/;

export interface House {
  readonly slack: FakeSlack;
  readonly connection: QueueConnection;
  readonly stories: Stories;
  readonly channel: FakeChannel;
  readonly ann: Person;
  readonly log: string[];
  /** The bot's side; replaced by `restart`. */
  bot: Slack;
  restart(options?: Partial<SlackOptions>): Promise<void>;
  /** Starts one more process' worth of bot. */
  another(options?: Partial<SlackOptions>): Promise<Slack>;
  startWorker(): Promise<StoryWorker>;
  /** What the daily line needs, for tests that cannot wait for midnight. */
  tools(): DailyTools;
  close(): Promise<void>;
}

/** Opens the house. */
export async function openHouse(
  options: Partial<SlackOptions> & {
    readonly worker?: boolean;
    readonly settings?: (slack: FakeSlack) => Partial<SlackConfig>;
    readonly isEmbedded?: boolean;
  } = {},
): Promise<House> {
  // Redis starts in no time; where there is none, the embedded queue does it all.
  const usable = BACKENDS.filter(({ name, skip }) => !skip && (name === 'embedded') === !!options.isEmbedded);
  const backend: Backend = await (usable[0] ?? BACKENDS.find(({ skip }) => !skip)!).start();
  const connection = await backend.connect();
  const slack = await FakeSlack.start();
  const channel = slack.world.addChannel();
  const log: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  const stories = new Stories(connection);
  await stories.ready();
  const closers: (() => unknown)[] = [];
  const readRequest = createRequestReader({ models: MODELS, drawSeed: () => 7 });
  const startBot = (more: Partial<SlackOptions> = {}) =>
    startSlack({
      config: { ...configOf(slack), ...options.settings?.(slack) },
      connection,
      stories,
      models: MODELS,
      readRequest,
      maxWaiting: 500,
      pace: PACE,
      concurrency: 500,
      logger,
      editIntervalMs: EDIT_INTERVAL_MS,
      ...options,
      ...more,
    });
  const house: House = {
    slack,
    connection,
    stories,
    channel,
    log,
    ann: new Person(slack, 'ann'),
    bot: await startBot(),
    async restart(more) {
      await house.bot.close();
      house.bot = await startBot(more);
    },
    another: startBot,
    async startWorker() {
      const { storyteller } = fakeStoryteller({ capacity: 128, stepsPerTrip: 8 });
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
    botToken: slack.botToken,
    appToken: slack.appToken,
    http: undefined,
    installation: undefined,
    installPort: undefined,
    host: '127.0.0.1',
    reply: 'edit',
    api: slack.api,
  };
}

/** The bot's messages in a channel, in a thread of it or at its top. */
export function botsMessages(channel: FakeChannel, threadTs?: string): FakeMessage[] {
  const all = [...channel.messages.values()].filter(({ bot_id }) => bot_id);
  return all.filter((message) => (message.thread_ts ?? undefined) === threadTs);
}

/** A story that is over, whose text begins in a way; the newest where there are several. */
export async function finished(
  channel: FakeChannel,
  is: (message: FakeMessage) => boolean = () => true,
  timeoutMs = 20_000,
): Promise<FakeMessage> {
  const find = () =>
    [...channel.messages.values()].reverse().find((message) => isOver(message) && is(message));
  return until(find, 'the end of a story', timeoutMs);
}

/** Whether a message has the buttons of a story that is over. */
export function isOver(message: FakeMessage): boolean {
  return labelsOf(message).includes('Another');
}

interface AnyBlock {
  readonly type: string;
  readonly elements?: readonly {
    readonly type: string;
    readonly text?: string | { readonly text: string };
  }[];
}

export function labelsOf({ blocks }: Pick<FakeMessage, 'blocks'>): string[] {
  const actions = ((blocks ?? []) as AnyBlock[]).filter(({ type }) => type === 'actions');
  return actions.flatMap(({ elements = [] }) =>
    elements.map(({ text }) => (typeof text === 'object' ? text.text : '')),
  );
}

/** The story that a message shows. */
export function textOf({ blocks }: Pick<FakeMessage, 'blocks'>): string {
  return readBlocks(blocks) ?? '';
}

/** The small print under a message, as people see it. */
export function smallPrintOf({ blocks }: Pick<FakeMessage, 'blocks'>): string {
  const context = ((blocks ?? []) as AnyBlock[]).find(({ type }) => type === 'context');
  const text = context?.elements?.[0]?.text;
  return slackEscaping.unescape(typeof text === 'string' ? text : '');
}
