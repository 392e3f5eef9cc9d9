/** The finished stories that a platform's queue still keeps. */
import type { Queue } from 'bullmq';
import type { ReplyState, StoryRequest } from '../story/story.ts';
import { type ReplyJobData, stateOf } from './reply-worker.ts';

/** A story with words of the network, as its reply shows it. */
export interface KeptStory {
  readonly request: StoryRequest;
  readonly story: Extract<ReplyState, { status: 'finished' }>;
  /** When it was asked for, in ms since 1970. */
  readonly askedAt: number;
}

/** A reply whose end is shown is active for a moment longer; one that moves on meanwhile is found twice. */
const STATES = ['active', 'completed'] as const;
/** Replies that one call reads at most, of each state and from the newest on. */
const READ_MAX = 2_000;
const PAGE = 200;

/** The kept stories among the newest ended replies whose handle passes `isThere`, oldest first. */
export async function keptStories<Handle>(
  queue: Pick<Queue<ReplyJobData<Handle>, ReplyState>, 'getJobs'>,
  isThere: (handle: Handle) => boolean,
): Promise<KeptStory[]> {
  const kept = new Map<string, KeptStory>();
  for (let from = 0; from < READ_MAX; from += PAGE) {
    const jobs = await queue.getJobs([...STATES], from, from + PAGE - 1);
    for (const job of jobs) {
      // A job that is removed during the read is missing in the middle.
      if (!job || !isThere(job.data.handle)) continue;
      const { request, askedAt } = job.data;
      const story = stateOf(job);
      if (story.status !== 'finished' || story.text.length <= request.prompt.length) continue;
      kept.set(job.id!, { request, story, askedAt });
    }
    if (jobs.length === 0) break;
  }
  return [...kept.values()].sort((one, other) => one.askedAt - other.askedAt);
}
