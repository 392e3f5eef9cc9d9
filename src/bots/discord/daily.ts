/** The daily line: a job of BullMQ's scheduler becomes a reply that answers nobody. */
import type { Worker } from 'bullmq';
import type { QueueConnection } from '../../queue/connection.ts';
import { openingOf } from '../prompt-channels.ts';
import { type AskTools, readWish, submit } from './ask.ts';
import { DAILY_QUEUE, type DailyJob, type PromptChannels } from './channel-settings.ts';

/** A line or two: the community is to go on. */
const LINE_LENGTH = 220;

export interface DailyTools extends AskTools {
  readonly connection: QueueConnection;
  readonly channels: PromptChannels;
  readonly botId: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Has this process post daily lines, each once however many processes there are. */
export function workDailyLines(tools: DailyTools): Worker<DailyJob, void> {
  return tools.connection.worker<DailyJob, void>(
    DAILY_QUEUE,
    async ({ data }) => postLine(data.channelId, tools),
    { concurrency: 10 },
  );
}

/** Posts today's line in a channel, unless that is done already. */
export async function postLine(channelId: string, tools: DailyTools): Promise<void> {
  const channel = await tools.channels.read(channelId);
  if (!channel?.daily) return;
  const day = dayIn(channel.daily.timeZone, tools.clock());
  const request = readWish(tools.readRequest, { ...openingOf(day, channelId), length: LINE_LENGTH });
  const handle = { channelId, userId: tools.botId, inChannel: true };
  await submit(tools, `d${channelId}-${day}`, request, handle);
  tools.logger.info({ channel: channelId }, 'daily line');
}

/** Number of a day as people in a time zone count it. */
export function dayIn(timeZone: string, now: number): number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return Number(format.format(now).replaceAll('-', ''));
}
