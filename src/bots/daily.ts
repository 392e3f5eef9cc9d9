/** The daily line: a job of BullMQ's scheduler becomes a reply that answers nobody. */
import type { Worker } from 'bullmq';
import type { Logger } from 'pino';
import type { QueueConnection } from '../queue/connection.ts';
import type { StoryRequest } from '../story.ts';
import { type DailyJob, dailyQueueOf, type PromptChannels } from './channel-settings.ts';
import { openingOf } from './prompt-channels.ts';

/** A line or two: the community is to go on. */
const LINE_LENGTH = 220;

export interface DailyTools {
  readonly connection: QueueConnection;
  readonly channels: PromptChannels;
  readonly logger: Logger;
  /** Reads a wish as a person's would be read. */
  readonly readLine: (input: { prompt: string; seed: number; length: number }) => StoryRequest;
  /** Has a line written in a channel; under one id once. */
  readonly submitLine: (id: string, request: StoryRequest, channelId: string) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Has this process post daily lines, each once however many processes there are. */
export function workDailyLines(tools: DailyTools): Worker<DailyJob, void> {
  return tools.connection.worker<DailyJob, void>(
    dailyQueueOf(tools.channels.platform),
    async ({ data }) => postLine(data.channelId, tools),
    { concurrency: 10 },
  );
}

/** Posts today's line in a channel, unless that is done already. */
export async function postLine(channelId: string, tools: DailyTools): Promise<void> {
  const channel = await tools.channels.read(channelId);
  if (!channel?.daily) return;
  const day = dayIn(channel.daily.timeZone, tools.clock());
  const request = tools.readLine({ ...openingOf(day, channelId), length: LINE_LENGTH });
  await tools.submitLine(`d${channelId}-${day}`, request, channelId);
  tools.logger.info({ channel: channelId }, 'daily line');
}

/** Number of a day as people in a time zone count it. */
export function dayIn(timeZone: string, now: number): number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return Number(format.format(now).replaceAll('-', ''));
}
