/** Discord's replies over the queue. */
import type { Replies, ReplyTask } from '../../queue/replies.ts';
import type { ReplyState } from '../../story.ts';
import { replyWithStory, type StorySource } from '../story-reply.ts';
import type { DiscordHandle, DiscordRecord } from './handle.ts';
import { DiscordSurface, ReplyLost, type SurfaceTools } from './surface.ts';

export interface ReplyWork extends SurfaceTools {
  readonly stories: StorySource;
  /** Characters a second. */
  readonly pace: number;
  /** Replies at the same time. */
  readonly concurrency: number;
}

/** Has this process edit Discord's replies, whoever was asked for them. */
export function workDiscordReplies(replies: Replies<DiscordHandle>, work: ReplyWork): void {
  replies.work((task) => editReply(task, work), work.concurrency);
}

async function editReply(task: ReplyTask<DiscordHandle>, work: ReplyWork): Promise<ReplyState> {
  const { stories, pace, logger } = work;
  const storyId = `discord-${task.id}`;
  const surface = new DiscordSurface(task, work);
  const write = (record: DiscordRecord) =>
    task.write({ ...record, messages: surface.messages } as DiscordRecord);
  try {
    const clock = () => performance.now();
    return await replyWithStory({ ...task, write }, storyId, { stories, surface, pace, clock });
  } catch (error) {
    if (!(error instanceof ReplyLost)) throw error;
    // Nobody can see it: what matters now is that nobody goes on writing it.
    logger.info({ reply: task.id, failure: error.failure }, 'reply given up');
    await stories.stop(storyId);
    const { message } = error;
    const state: ReplyState = { status: 'failed', text: '', error: { code: error.failure, message } };
    await write({ state, delivered: true });
    await stories.remove(storyId);
    return state;
  } finally {
    surface.close();
  }
}
