/**
 * The part that the harnesses of the platforms share: a real queue with its limits and block lists, the bot
 * of a platform, and a worker, all in one process.
 */
import { pino } from 'pino';
import { BlockLists } from '../../src/bots/blocks.ts';
import type { ChatServices } from '../../src/bots/chat-context.ts';
import type { DailyLines } from '../../src/bots/commands/daily.ts';
import { openLimits } from '../../src/queue/admission/open-limits.ts';
import type { CommunityLimitSettings, LimitSettings } from '../../src/queue/admission/settings.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Feedback } from '../../src/queue/feedback.ts';
import { Shares } from '../../src/queue/shares.ts';
import { Stories } from '../../src/queue/stories.ts';
import type { StoryWorker } from '../../src/queue/story-worker.ts';
import type { ModelChoice, StoryRequest } from '../../src/story/story.ts';
import { createRequestReader } from '../../src/story/story-request.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { NO_LIMITS } from '../helpers/limits.ts';
import { Opened } from './opened.ts';
import { announceReady, startStoryWorker } from './story-worker.ts';

/** An address of the page, where shared stories are. */
export const PUBLIC_URL = 'https://scifi.example.org/';

export const MODELS: ModelChoice[] = [
  { name: 'scifi', title: 'Science fiction', description: 'Pulp' },
  { name: 'melville', title: 'Melville', description: 'The sea' },
];
/** The labels of a message's buttons without those of the titles of a story. */
export function withoutTitles(labels: readonly string[]): string[] {
  return labels.filter((label) => !label.startsWith('Title: '));
}

/** Characters a second: a story of a thousand characters takes two seconds. */
const PACE = 500;

interface Bot {
  readonly daily: DailyLines;
  readonly replies: { count(): Promise<Record<string, number>> };
  close(): Promise<void>;
}

export interface ChatHarness<B extends Bot, Options> {
  readonly connection: QueueConnection;
  readonly stories: Stories;
  /** The limits that communities have set for themselves. */
  readonly communityLimits: CommunityLimitSettings;
  readonly blocks: BlockLists;
  readonly feedback: Feedback;
  readonly log: string[];
  /** The number of replies ever added to the queue. */
  queued(): Promise<number>;
  /** The whole content of the queue's store, as text; on Redis only. */
  dump(): Promise<string>;
  /** The bot process's part; replaced by `restart`. */
  bot: B;
  restart(options?: Options): Promise<void>;
  /** Starts the bot's part of another process, which the test closes. */
  another(options?: Options): Promise<B>;
  startWorker(): Promise<StoryWorker>;
  /** Announces a worker that does not exist, until the returned function is called. */
  announceWorker(): () => void;
  close(): Promise<void>;
}

export interface ChatHarnessOptions {
  /** Whether a worker is started; it is by default. */
  readonly worker?: boolean;
  /** Whether a story ends only when it is stopped; none by default. */
  readonly isHeld?: (request: StoryRequest) => boolean;
  /** The limits and permissions; no restriction by default. */
  readonly allowed?: Partial<LimitSettings>;
  /** Whether the queue is the embedded one, instead of Redis, which starts faster, where it is installed. */
  readonly isEmbedded?: boolean;
  /** The address of the page, where stories can be shared; by default they cannot. */
  readonly publicUrl?: string;
}

/**
 * Opens the shared part, and starts the bot.
 *
 * @param stopFake stops the platform's fake server after all else is closed; it is stopped as well when opening fails
 */
export async function openChat<B extends Bot, Options>(
  { worker = true, isHeld, allowed, isEmbedded = false }: ChatHarnessOptions,
  startBot: (shared: ChatServices, more: Options) => Promise<B>,
  stopFake: () => Promise<unknown>,
): Promise<ChatHarness<B, Options>> {
  const opened = new Opened();
  opened.add(stopFake);
  try {
    const usable = BACKENDS.filter(({ name, skip }) => !skip && (name === 'embedded') === isEmbedded);
    const backend = await (usable[0] ?? BACKENDS.find(({ skip }) => !skip)!).start();
    opened.add(() => backend.stop());
    const connection = await backend.connect();
    const log: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
    const stories = new Stories(connection);
    opened.add(() => stories.close());
    await stories.ready();
    const blocks = new BlockLists(connection, []);
    opened.add(() => blocks.close());
    await blocks.ready();
    const shares = new Shares(connection);
    opened.add(() => shares.close());
    await shares.ready();
    const privacy = {
      retentionMs: 24 * 3_600_000,
      shelfMs: 365 * 24 * 3_600_000,
      url: 'https://example.org/privacy',
    };
    const feedback = await Feedback.open(connection, privacy.retentionMs);
    const limitSettings = { ...NO_LIMITS, ...allowed };
    const { limits, communityLimits, close } = await openLimits(connection, stories, limitSettings);
    opened.add(close);
    const shared = {
      connection,
      stories,
      models: MODELS,
      readRequest: createRequestReader({ models: MODELS, drawSeed: () => 7 }),
      limits,
      communityLimits,
      limitSettings,
      blocks,
      shares,
      feedback,
      publicUrl: undefined,
      pace: PACE,
      concurrency: 500,
      privacy,
      logger,
    };
    const another = (more: Options = {} as Options) => startBot(shared, more);
    const workers = new Opened();
    opened.add(() => workers.close());
    const harness: ChatHarness<B, Options> = {
      connection,
      stories,
      communityLimits,
      blocks,
      feedback,
      log,
      async queued() {
        const counts = await harness.bot.replies.count();
        return Object.values(counts).reduce((sum, count) => sum + count, 0);
      },
      dump: () => backend.dump(),
      bot: await another(),
      async restart(more) {
        await harness.bot.close();
        harness.bot = await another(more);
      },
      another,
      async startWorker() {
        const started = await startStoryWorker(connection, stories, logger, undefined, isHeld);
        workers.add(started.close);
        return started.worker;
      },
      announceWorker() {
        const stop = announceReady(stories);
        workers.add(stop);
        return stop;
      },
      close: () => opened.close(),
    };
    opened.add(() => harness.bot.close());
    if (worker) await harness.startWorker();
    return harness;
  } catch (error) {
    await opened.close();
    throw error;
  }
}
