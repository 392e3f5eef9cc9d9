/**
 * The path from a user on Discord to a story, in one process: the fake Discord, the real discord.js, a real
 * queue, a real worker, and a fake generator that returns plausible words at once.
 */
import { pino } from 'pino';
import { BlockLists } from '../../../src/bots/blocks/block-lists.ts';
import type { DailyTools } from '../../../src/bots/commands/daily.ts';
import { decodeButton } from '../../../src/bots/discord/custom-id.ts';
import { type Discord, type DiscordOptions, startDiscord } from '../../../src/bots/discord/start.ts';
import { readParts } from '../../../src/bots/discord/story-text.ts';
import { createRequestReader } from '../../../src/bots/story-request.ts';
import { discordEscaping } from '../../../src/bots/text/sanitise.ts';
import type { CommunityLimitSettings } from '../../../src/queue/admission/community-limits.ts';
import type { LimitSettings } from '../../../src/queue/admission/limit-settings.ts';
import { openLimits } from '../../../src/queue/admission/open.ts';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../../src/queue/story-worker.ts';
import type { ModelChoice } from '../../../src/story/story.ts';
import { FakeDiscord } from '../../fakes/discord/fake-discord.ts';
import { Person } from '../../fakes/discord/people.ts';
import type { FakeChannel, FakeInteraction, FakeMessage } from '../../fakes/discord/world.ts';
import { fakeStoryteller } from '../../fakes/fake-storyteller.ts';
import { BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';
import { until } from '../../helpers/programs.ts';

export const MODELS: ModelChoice[] = [
  { name: 'scifi', title: 'Science fiction', description: 'Pulp' },
  { name: 'melville', title: 'Melville', description: 'The sea' },
];
/** Characters a second: a story of a thousand characters takes two seconds. */
const PACE = 500;
export const FOOTER = /-# .* · temperature .* · seed .* · written by a neural network$/;

export interface House {
  readonly discord: FakeDiscord;
  readonly connection: QueueConnection;
  readonly stories: Stories;
  /** The limits that servers have set for themselves. */
  readonly communityLimits: CommunityLimitSettings;
  readonly blocks: BlockLists;
  readonly channel: FakeChannel;
  readonly ann: Person;
  readonly log: string[];
  /** The whole content of the queue's store, as text; on Redis only. */
  dump(): Promise<string>;
  /** The bot process's part; replaced by `restart`. */
  bot: Discord;
  restart(options?: Partial<DiscordOptions>): Promise<void>;
  /** Starts the bot's part of another process. */
  another(options?: Partial<DiscordOptions>): Promise<Discord>;
  startWorker(): Promise<StoryWorker>;
  /** The dependencies of the daily line, for tests that run it at once. */
  tools(): DailyTools;
  close(): Promise<void>;
}

/** Opens the set-up. */
export async function openHouse(
  options: Partial<DiscordOptions> & {
    readonly worker?: boolean;
    /** The limits and permissions; no restriction by default. */
    readonly allowed?: Partial<LimitSettings>;
    readonly flags?: number;
    readonly isEmbedded?: boolean;
  } = {},
): Promise<House> {
  // Uses Redis, which starts fast, where it is installed; otherwise the embedded queue.
  const usable = BACKENDS.filter(({ name, skip }) => !skip && (name === 'embedded') === !!options.isEmbedded);
  const backend: Backend = await (usable[0] ?? BACKENDS.find(({ skip }) => !skip)!).start();
  const connection = await backend.connect();
  const discord = await FakeDiscord.start();
  discord.world.flags = options.flags ?? 0;
  const channel = discord.world.addChannel();
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
  const startBot = (more: Partial<DiscordOptions> = {}) =>
    startDiscord({
      config: { token: discord.token, shards: 'auto', api: discord.api },
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
      privacy: { retentionMs: 24 * 3_600_000, url: 'https://example.org/privacy' },
      logger,
      ...options,
      ...more,
    });
  const house: House = {
    discord,
    connection,
    stories,
    communityLimits,
    blocks,
    channel,
    log,
    dump: () => backend.dump(),
    ann: new Person(discord, 'ann'),
    bot: await startBot(),
    async restart(more) {
      await house.bot.close();
      house.bot = await startBot(more);
    },
    another: startBot,
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
      await discord.stop();
    },
  };
  if (options.worker !== false) await house.startWorker();
  return house;
}

/** The reply to an interaction once it has ended, in all its messages. */
export async function finished(interaction: FakeInteraction, timeoutMs = 20_000): Promise<FakeMessage[]> {
  return until(() => endOf(interaction), 'the end of a story', timeoutMs);
}

/** The messages of a reply that has ended: the buttons under the last message name the first. */
export function endOf({ original, channel }: FakeInteraction): FakeMessage[] | undefined {
  if (!original) return undefined;
  if (isOver(original)) return [original];
  const messages = [...channel.messages.values()].filter(({ author }) => author.bot);
  for (const last of messages) {
    const button = decodeButton(last.components[0]?.components[0]?.custom_id ?? '');
    if (!button || button.action === 'stop' || button.first !== original.id) continue;
    if (button.previous === original.id) return [original, last];
    return messages.slice(messages.indexOf(original), messages.indexOf(last) + 1);
  }
  return undefined;
}

/** Whether a message has the buttons of an ended story. */
export function isOver(message: FakeMessage): boolean {
  return labelsOf(message).includes('Another');
}

export function labelsOf({ components }: FakeMessage): string[] {
  return components.flatMap((row) => row.components.map(({ label }) => label));
}

/** The story text of the messages. */
export function textOf(messages: readonly FakeMessage[]): string {
  return readParts(messages.map(({ content }) => content));
}

/** The small print under a message, as users see it. */
export function smallPrintOf({ content }: FakeMessage): string {
  return discordEscaping.unescape(/-# (.*)$/.exec(content)?.[1] ?? '');
}
