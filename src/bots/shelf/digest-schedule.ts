/** The next digest of each channel: one delayed job, whose id any process derives. */
import type { Queue } from 'bullmq';
import type { QueueConnection } from '../../queue/connection.ts';
import type { Clock } from '../cooldowns.ts';
import { digestTime, dueWeek } from './digest-week.ts';

/** Attempts at a post that a platform refuses for the moment, over about an hour. */
const ATTEMPTS = 13;
const FIRST_RETRY_DELAY_MS = 500;
/** How far the clock of the process that posts may be behind the clock of the process that scheduled it. */
const CLOCK_DIFFERENCE_MS = 60_000;

export interface DigestJob {
  readonly channelId: string;
  /** The hour for which it was scheduled: after a change of the setting, it is not posted. */
  readonly hour: number;
}

/** Name of the queue that holds a platform's digests. */
export function digestQueueOf(platform: string): string {
  return `digests-${platform}`;
}

/** The week whose digest is due now; a process may be a little early. */
export function presentWeek(now: number, hour: number): number {
  return dueWeek(now + CLOCK_DIFFERENCE_MS, hour);
}

export class DigestSchedule {
  readonly #queue: Queue<DigestJob, void>;
  readonly #clock: Clock;

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueConnection, platform: string, clock: Clock) {
    this.#clock = clock;
    this.#queue = connection.queue(digestQueueOf(platform), {
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: FIRST_RETRY_DELAY_MS },
        removeOnComplete: true,
        removeOnFail: true,
      },
    });
  }

  async ready(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  /** Schedules the next digest of a channel. Idempotent, for any number of processes. */
  async plan(channelId: string, hour: number, week = dueWeek(this.#clock(), hour) + 1): Promise<void> {
    const delay = Math.max(0, digestTime(week, hour) - this.#clock());
    const job = { channelId, hour };
    const jobId = `w${channelId}-${hour}-${week}`;
    await this.#queue.add('digest' as never, job as never, { jobId, delay });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
