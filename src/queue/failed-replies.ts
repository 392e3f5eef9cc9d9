/** Replies that failed for good before anything said so where they are shown: they are taken up again, to be ended. */
import type { Queue } from 'bullmq';
import { outlast } from './outage.ts';
import { type ReplyJob, type ReplyJobData, recordOf } from './reply-job.ts';

/** So many are read at a time. */
const PAGE = 200;

/**
 * Puts those replies back into the queue. What they have failed so often counts on: a processor finds that all that
 * is left is to end them.
 *
 * @param signal ends the waiting for a queue that is away
 */
export async function retryFailedReplies<Handle>(
  queue: Queue<ReplyJobData<Handle>>,
  signal: AbortSignal,
): Promise<void> {
  const failed: ReplyJob<Handle>[] = [];
  for (let from = 0; ; from += PAGE) {
    const jobs = await outlast(() => queue.getJobs(['failed'], from, from + PAGE - 1), signal);
    // A job that is removed while they are read is missing in the middle.
    failed.push(...jobs.filter((job) => job && !recordOf(job)?.delivered));
    if (jobs.length < PAGE) break;
  }
  // Another process may have put one back before.
  for (const job of failed) await outlast(() => job.retry('failed'), signal).catch(() => {});
}
