/** What is set for channels: kept in the queue, and at hand for every message that comes by. */
import type { Queue } from 'bullmq';
import type { QueueConnection } from '../queue/connection.ts';
import { Settings } from '../queue/settings.ts';
import type { PromptChannel } from './prompt-channels.ts';

/** How soon a change that another process made is known here. */
const REFRESH_MS = 30_000;

/** Name of the queue with a platform's daily lines. */
export function dailyQueueOf(platform: string): string {
  return `daily-${platform}`;
}

/** The job of one day's line. */
export interface DailyJob {
  readonly channelId: string;
}

export class PromptChannels {
  readonly platform: string;
  readonly #settings: Settings<PromptChannel>;
  readonly #daily: Queue<DailyJob, void>;
  #known = new Map<string, PromptChannel>();
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: QueueConnection, platform: string) {
    this.platform = platform;
    this.#settings = new Settings(connection, `${platform}-channels`);
    this.#daily = connection.queue(dailyQueueOf(platform), {
      defaultJobOptions: { attempts: 3, removeOnComplete: true, removeOnFail: 100 },
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#settings.ready(), this.#daily.waitUntilReady()]);
    this.#known = await this.#settings.all();
    this.#timer = setInterval(() => {
      // While the queue is away, what is known stays good.
      this.#settings.all().then(
        (all) => {
          this.#known = all;
        },
        () => {},
      );
    }, REFRESH_MS);
  }

  /** What is known to be set, at once. */
  known(channelId: string): PromptChannel | undefined {
    return this.#known.get(channelId);
  }

  read(channelId: string): Promise<PromptChannel | undefined> {
    return this.#settings.read(channelId);
  }

  async write(channel: PromptChannel): Promise<void> {
    const { channelId, daily } = channel;
    await this.#settings.write(channelId, channel);
    this.#known.set(channelId, channel);
    if (!daily) return;
    await this.#daily.upsertJobScheduler(
      schedulerOf(channelId),
      { pattern: `0 ${daily.hour} * * *`, tz: daily.timeZone },
      { name: 'line', data: { channelId } },
    );
  }

  async remove(channelId: string): Promise<void> {
    this.#known.delete(channelId);
    await this.#settings.remove(channelId);
    await this.#daily.removeJobScheduler(schedulerOf(channelId));
  }

  /** Forgets every channel whose id begins in a way. */
  async forget(prefix: string): Promise<void> {
    for (const channelId of (await this.#settings.all()).keys()) {
      if (channelId.startsWith(prefix)) await this.remove(channelId);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#settings.close(), this.#daily.close()]);
  }
}

function schedulerOf(channelId: string): string {
  return `c${channelId}`;
}
