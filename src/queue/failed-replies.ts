/**
 * Replies that failed for good before their message showed it: they are processed again, to show their end.
 */
import type { Queue } from 'bullmq';
import { outlast } from './outage.ts';
import { type ReplyJob, type ReplyJobData, recordOf } from './reply-job.ts';

/** Jobs read at a time. */
const PAGE = 200;

/**
 * Puts those replies back into the queue. Their count of failed attempts continues: a processor sees that it
 * only has to end them.
 *
 * @param signal ends the waiting for an unreachable queue
 */
export async function retryFailedReplies<Handle>(
  queue: Queue<ReplyJobData<Handle>>,
  signal: AbortSignal,
): Promise<void> {
  const failed: ReplyJob<Handle>[] = [];
  for (let from = 0; ; from += PAGE) {
    const jobs = await outlast(() => queue.getJobs(['failed'], from, from + PAGE - 1), signal);
    // A job that is removed during the read is missing in the middle.
    failed.push(...jobs.filter((job) => job && !recordOf(job)?.delivered));
    if (jobs.length < PAGE) break;
  }
  // Another process may have retried it already.
  for (const job of failed) await outlast(() => job.retry('failed'), signal).catch(() => {});
}
