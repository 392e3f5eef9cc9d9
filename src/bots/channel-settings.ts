/** What is set for channels: kept in the queue, and at hand for every message that comes by. */
import type { Queue } from 'bullmq';
import type { QueueConnection } from '../queue/connection.ts';
import { KnownSettings } from '../queue/settings.ts';
import type { PromptChannel } from './prompt-channels.ts';

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
  readonly #settings: KnownSettings<PromptChannel>;
  readonly #daily: Queue<DailyJob, void>;

  constructor(connection: QueueConnection, platform: string) {
    this.platform = platform;
    this.#settings = new KnownSettings(connection, `${platform}-channels`);
    this.#daily = connection.queue(dailyQueueOf(platform), {
      defaultJobOptions: { attempts: 3, removeOnComplete: true, removeOnFail: 100 },
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#settings.ready(), this.#daily.waitUntilReady()]);
  }

  /** What is known to be set, at once. */
  known(channelId: string): PromptChannel | undefined {
    return this.#settings.known(channelId);
  }

  read(channelId: string): Promise<PromptChannel | undefined> {
    return this.#settings.read(channelId);
  }

  async write(channel: PromptChannel): Promise<void> {
    const { channelId, daily } = channel;
    await this.#settings.write(channelId, channel);
    if (!daily) return;
    await this.#daily.upsertJobScheduler(
      schedulerOf(channelId),
      { pattern: `0 ${daily.hour} * * *`, tz: daily.timeZone },
      { name: 'line', data: { channelId } },
    );
  }

  async remove(channelId: string): Promise<void> {
    await this.#settings.remove(channelId);
    await this.#daily.removeJobScheduler(schedulerOf(channelId));
  }

  /** Removes what is set for every channel whose id begins with `prefix`. */
  async forget(prefix: string): Promise<void> {
    await this.forgetWhere(({ channelId }) => channelId.startsWith(prefix));
  }

  /** Removes what is set for every channel that is gone. Returns their ids. */
  async forgetWhere(isGone: (channel: PromptChannel) => boolean): Promise<string[]> {
    const gone = [...(await this.#settings.all()).values()].filter(isGone).map(({ channelId }) => channelId);
    for (const channelId of gone) await this.remove(channelId);
    return gone;
  }

  async close(): Promise<void> {
    await Promise.all([this.#settings.close(), this.#daily.close()]);
  }
}

function schedulerOf(channelId: string): string {
  return `c${channelId}`;
}
