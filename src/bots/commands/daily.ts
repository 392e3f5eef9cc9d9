/** The daily line: a job of BullMQ's scheduler becomes a reply without a requester. */
import type { Worker } from 'bullmq';
import type { QueueConnection } from '../../queue/connection.ts';
import { outlast } from '../../queue/outage.ts';
import type { ChatAdapter } from '../adapter.ts';
import { DAILY_SETTINGS, type DailyJob, dailyQueueOf, type PromptChannels } from '../channel-settings.ts';
import type { ChatContext } from '../chat-context.ts';
import type { Clock } from '../cooldowns.ts';
import { openingOf } from '../prompt-channels.ts';
import { dueDay } from './daily-schedule.ts';

/** One or two lines, which the community continues. */
const LINE_LENGTH = 220;

/** How often schedules are checked. */
const LOOK_INTERVAL_MS = 10 * 60_000;

/** What daily lines need of a platform's adapter. */
export type DailyAdapter<Handle> = Pick<
  ChatAdapter<Handle>,
  'dailyHandle' | 'presenceIn' | 'isHopeless' | 'isClosed'
>;

/** What daily lines need of the context: lines are parsed with the same rules as users' requests. */
export type DailyContext<Handle> = Pick<ChatContext<Handle>, 'parse' | 'submit' | 'blocks' | 'logger'>;

export class DailyLines<Handle = unknown> {
  readonly #channels: PromptChannels;
  readonly #adapter: DailyAdapter<Handle>;
  readonly #chat: DailyContext<Handle>;
  readonly #clock: Clock;

  /** @param clock milliseconds since 1970 */
  constructor(
    channels: PromptChannels,
    adapter: DailyAdapter<Handle>,
    chat: DailyContext<Handle>,
    clock: Clock,
  ) {
    this.#channels = channels;
    this.#adapter = adapter;
    this.#chat = chat;
    this.#clock = clock;
  }

  /**
   * Posts daily lines from this process until the returned function is called. Each line is posted once, for
   * any number of processes.
   */
  work(connection: QueueConnection): () => Promise<void> {
    const worker: Worker = connection.worker<DailyJob, void>(
      dailyQueueOf(this.#channels.platform),
      // The job's own attempts follow each other at once. The line's id makes repeated submissions idempotent.
      ({ data }) => outlast(() => this.post(data.channelId)),
      { concurrency: 10, settings: DAILY_SETTINGS },
    );
    const look = () => void this.repairSchedules();
    look();
    const timer = setInterval(look, LOOK_INTERVAL_MS);
    return async () => {
      clearInterval(timer);
      await worker.close();
    };
  }

  /** Checks all schedules, and logs those that were inconsistent. Never rejects. */
  async repairSchedules(now = this.#clock()): Promise<void> {
    const { logger } = this.#chat;
    try {
      const { repaired, failed, removed } = await this.#channels.repairSchedules(now);
      for (const channel of repaired)
        logger.warn({ channel }, 'a daily line had no next time and has one again');
      for (const channel of failed)
        logger.error({ channel }, 'a daily line has no next time: is its time zone known here?');
      for (const channel of removed)
        logger.info({ channel }, 'the schedule of a channel without settings is removed');
    } catch (error) {
      // The queue is unavailable; the next check repeats this.
      logger.warn({ reason: (error as Error).message }, 'the schedules of daily lines were not checked');
    }
  }

  /**
   * Posts the line that is due in a channel, unless it is already posted.
   *
   * @param now ms since 1970
   */
  async post(channelId: string, now = this.#clock()): Promise<void> {
    const { blocks, logger } = this.#chat;
    const channel = await this.#channels.read(channelId);
    // Where stories are blocked, no line is posted, and the settings stay.
    if (!channel?.daily || blocks.find(this.#adapter.presenceIn(channel))) return;
    const day = dueDay(now, channel.daily);
    if (day === undefined || this.#adapter.isHopeless?.(channel)) return;
    if (await this.#adapter.isClosed?.(channel)) {
      await this.#channels.remove(channelId);
      logger.info({ channel: channelId }, 'the settings of a closed channel are removed');
      return;
    }
    const { preset } = channel.daily;
    const request = this.#chat.parse({ ...openingOf(day, channelId), preset, length: LINE_LENGTH });
    const handle = () => this.#adapter.dailyHandle(channelId);
    await this.#chat.submit(`d${channelId}-${day}`, request, handle, undefined);
    logger.info({ channel: channelId }, 'daily line');
  }
}
