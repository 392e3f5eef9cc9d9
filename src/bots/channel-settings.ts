/** Channel settings: stored in the queue, and cached for every incoming message. */
import type { Queue } from 'bullmq';
import type { QueueConnection } from '../queue/connection.ts';
import { KnownSettings } from '../queue/settings.ts';
import { type Daily, nextByPattern, patternOf } from './commands/daily-schedule.ts';
import type { Clock } from './cooldowns.ts';
import type { PromptChannel } from './prompt-channels.ts';
import { DigestSchedule } from './shelf/digest-schedule.ts';

/** Name of the queue that holds a platform's daily lines. */
export function dailyQueueOf(platform: string): string {
  return `daily-${platform}`;
}

/** How producer and consumer of that queue compute the next time of a schedule. */
export const DAILY_SETTINGS = { repeatStrategy: nextByPattern };

/** The job that posts one day's line. */
export interface DailyJob {
  readonly channelId: string;
}

/** Channels whose schedules were inconsistent. */
export interface Repairs {
  /** A next line is scheduled again. */
  readonly repaired: string[];
  /** No next line could be computed. */
  readonly failed: string[];
  /** A schedule existed without a setting. */
  readonly removed: string[];
}

export class PromptChannels {
  readonly platform: string;
  readonly #settings: KnownSettings<PromptChannel>;
  readonly #daily: Queue<DailyJob, void>;
  readonly digests: DigestSchedule;

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueConnection, platform: string, clock: Clock = Date.now) {
    this.platform = platform;
    this.#settings = new KnownSettings(connection, `${platform}-channels`);
    this.digests = new DigestSchedule(connection, platform, clock);
    this.#daily = connection.queue(dailyQueueOf(platform), {
      defaultJobOptions: { attempts: 3, removeOnComplete: true, removeOnFail: 100 },
      settings: DAILY_SETTINGS,
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#settings.ready(), this.#daily.waitUntilReady(), this.digests.ready()]);
  }

  /** The cached setting of a channel, without waiting. */
  known(channelId: string): PromptChannel | undefined {
    return this.#settings.known(channelId);
  }

  read(channelId: string): Promise<PromptChannel | undefined> {
    return this.#settings.read(channelId);
  }

  async write(channel: PromptChannel): Promise<void> {
    await this.#settings.write(channel.channelId, channel);
    if (channel.daily) await this.#schedule(channel.channelId, channel.daily);
    else await this.#daily.removeJobScheduler(schedulerOf(channel.channelId));
    if (channel.digest) await this.digests.plan(channel.channelId, channel.digest.hour);
  }

  async remove(channelId: string): Promise<void> {
    await this.#settings.remove(channelId);
    await this.#daily.removeJobScheduler(schedulerOf(channelId));
  }

  /** The settings of all channels. */
  async all(): Promise<PromptChannel[]> {
    return [...(await this.#settings.all()).values()];
  }

  /** Removes the settings of every channel whose id begins with `prefix`. */
  async forget(prefix: string): Promise<void> {
    await this.forgetWhere(({ channelId }) => channelId.startsWith(prefix));
  }

  /** Removes the settings of every channel that is gone. Returns their ids. */
  async forgetWhere(isGone: (channel: PromptChannel) => boolean): Promise<string[]> {
    const gone = (await this.all()).filter(isGone).map(({ channelId }) => channelId);
    for (const channelId of gone) await this.remove(channelId);
    return gone;
  }

  /**
   * Checks every schedule: adds a missing next line, and removes a schedule that has no setting.
   *
   * @param now ms since 1970
   */
  async repairSchedules(now: number): Promise<Repairs> {
    // The order of reads matters: a setting is written before its schedule, and removed before it.
    const schedules = new Map((await this.#daily.getJobSchedulers()).map((one) => [one.key, one]));
    const settings = await this.#settings.all();
    const repairs: Repairs = { repaired: [], failed: [], removed: [] };
    for (const { channelId, daily } of settings.values()) {
      if (!daily) continue;
      const id = schedulerOf(channelId);
      const schedule = schedules.get(id);
      schedules.delete(id);
      if (await this.#hasNext(id, schedule?.next, now)) continue;
      const isScheduled = await this.#schedule(channelId, daily);
      repairs[isScheduled ? 'repaired' : 'failed'].push(channelId);
    }
    for (const { key, template } of schedules.values()) {
      await this.#daily.removeJobScheduler(key);
      repairs.removed.push(template?.data?.channelId ?? key);
    }
    return repairs;
  }

  async #schedule(channelId: string, daily: Daily): Promise<boolean> {
    const template = { name: 'line', data: { channelId } };
    return !!(await this.#daily.upsertJobScheduler(schedulerOf(channelId), patternOf(daily), template));
  }

  /** Whether a line is scheduled, or is being posted. */
  async #hasNext(id: string, next: number | undefined, now: number): Promise<boolean> {
    if (next === undefined) return false;
    if (next > now) return true;
    const state = await this.#daily.getJobState(`repeat:${id}:${next}`);
    return !['completed', 'failed', 'unknown'].includes(state);
  }

  async close(): Promise<void> {
    await Promise.all([this.#settings.close(), this.#daily.close(), this.digests.close()]);
  }
}

function schedulerOf(channelId: string): string {
  return `c${channelId}`;
}
