/** The daily line: a job of BullMQ's scheduler becomes a reply without a requester. */
import type { Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { QueueConnection } from '../../queue/connection.ts';
import { outlast } from '../../queue/outage.ts';
import type { StoryRequest } from '../../story/story.ts';
import { DAILY_SETTINGS, type DailyJob, dailyQueueOf, type PromptChannels } from '../channel-settings.ts';
import { openingOf, type PromptChannel } from '../prompt-channels.ts';
import { dueDay } from './daily-schedule.ts';

/** One or two lines, which the community continues. */
const LINE_LENGTH = 220;

export interface DailyTools {
  readonly connection: QueueConnection;
  readonly channels: PromptChannels;
  readonly logger: Logger;
  /** Parses the request with the same rules as a user's. */
  readonly readLine: (input: { prompt: string; seed: number; length: number }) => StoryRequest;
  /** Whether a line in a channel is known to be refused, so that it is not submitted. */
  readonly isHopeless?: (channel: PromptChannel) => boolean;
  /** Submits a line for a channel; idempotent for one id. */
  readonly submitLine: (id: string, request: StoryRequest, channelId: string) => Promise<void>;
  /**
   * Whether a channel is gone, or permanently closed to the bot, so that its settings are removed. Undefined:
   * never.
   */
  readonly isClosed?: (channel: PromptChannel) => Promise<boolean>;
  /** Whether stories are blocked in a channel: then no line is posted, and the settings stay. */
  readonly isBlocked: (channel: PromptChannel) => boolean;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How often schedules are checked. */
const LOOK_INTERVAL_MS = 10 * 60_000;

/**
 * Posts daily lines from this process until the returned function is called. Each line is posted once, for
 * any number of processes.
 */
export function workDailyLines(tools: DailyTools): () => Promise<void> {
  const { connection, channels } = tools;
  const worker: Worker = connection.worker<DailyJob, void>(
    dailyQueueOf(channels.platform),
    // The job's own attempts follow each other at once. The line's id makes repeated submissions idempotent.
    ({ data }) => outlast(() => postLine(data.channelId, tools)),
    { concurrency: 10, settings: DAILY_SETTINGS },
  );
  const look = () => void repairSchedules(tools);
  look();
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await worker.close();
  };
}

/** Checks all schedules, and logs those that were inconsistent. Never rejects. */
export async function repairSchedules({ channels, logger, clock }: DailyTools): Promise<void> {
  try {
    const { repaired, failed, removed } = await channels.repairSchedules(clock());
    for (const channel of repaired)
      logger.warn({ channel }, 'a daily line had no next time and has one again');
    for (const channel of failed)
      logger.error({ channel }, 'a daily line has no next time: is its time zone known here?');
    for (const channel of removed)
      logger.info({ channel }, 'the schedule of a channel without settings is removed');
  } catch (error) {
    // The queue is unavailable; the next check repeats this.
    logger.warn({ reason: (error as Error).message }, 'daily lines were not looked at');
  }
}

/** Posts the line that is due in a channel, unless it is already posted. */
export async function postLine(channelId: string, tools: DailyTools): Promise<void> {
  const channel = await tools.channels.read(channelId);
  if (!channel?.daily || tools.isBlocked(channel)) return;
  const day = dueDay(tools.clock(), channel.daily);
  if (day === undefined || tools.isHopeless?.(channel)) return;
  if (await tools.isClosed?.(channel)) {
    await tools.channels.remove(channelId);
    tools.logger.info({ channel: channelId }, 'the settings of a closed channel are removed');
    return;
  }
  const request = tools.readLine({ ...openingOf(day, channelId), length: LINE_LENGTH });
  await tools.submitLine(`d${channelId}-${day}`, request, channelId);
  tools.logger.info({ channel: channelId }, 'daily line');
}
