/** The daily line: a job of BullMQ's scheduler becomes a reply that answers nobody. */
import type { Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { QueueConnection } from '../../queue/connection.ts';
import { outlast } from '../../queue/outage.ts';
import type { StoryRequest } from '../../story/story.ts';
import { DAILY_SETTINGS, type DailyJob, dailyQueueOf, type PromptChannels } from '../channel-settings.ts';
import { openingOf, type PromptChannel } from '../prompt-channels.ts';
import { dueDay } from './daily-schedule.ts';

/** A line or two: the community is to go on. */
const LINE_LENGTH = 220;

export interface DailyTools {
  readonly connection: QueueConnection;
  readonly channels: PromptChannels;
  readonly logger: Logger;
  /** Reads a wish as a person's would be read. */
  readonly readLine: (input: { prompt: string; seed: number; length: number }) => StoryRequest;
  /** Whether a line is known to be refused in a channel, so that it is not tried. */
  readonly isHopeless?: (channel: PromptChannel) => boolean;
  /** Has a line written in a channel; under one id once. */
  readonly submitLine: (id: string, request: StoryRequest, channelId: string) => Promise<void>;
  /** Whether a channel is gone, or closed to the bot for good: then its settings end. Never, where this is undefined. */
  readonly isClosed?: (channel: PromptChannel) => Promise<boolean>;
  /** Whether no story may be written in a channel: then there is no line, and what is set stays. */
  readonly isBlocked: (channel: PromptChannel) => boolean;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How often schedules are looked at again. */
const LOOK_INTERVAL_MS = 10 * 60_000;

/** Has this process post daily lines, each once however many processes there are, until the result is called. */
export function workDailyLines(tools: DailyTools): () => Promise<void> {
  const { connection, channels } = tools;
  const worker: Worker = connection.worker<DailyJob, void>(
    dailyQueueOf(channels.platform),
    // The job's own attempts follow each other at once. The line's id makes it one, however often that is repeated.
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

/** Looks at all schedules again, and logs those that were not in order. Never rejects. */
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
    // The queue is away; they are looked at again.
    logger.warn({ reason: (error as Error).message }, 'daily lines were not looked at');
  }
}

/** Posts the line that is due in a channel, unless that is done already. */
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
