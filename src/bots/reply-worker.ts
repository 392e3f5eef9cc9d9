/** A chat's replies over the queue: each is shown in messages, until it is over or nobody can see it. */
import type { Logger } from 'pino';
import { edits } from '../metrics.ts';
import type { Replies } from '../queue/replies.ts';
import type { ReplyRecord, ReplyTask } from '../queue/reply-job.ts';
import type { ReplyState } from '../story/story.ts';
import { lastingStories } from './lasting-stories.ts';
import { type ReplySurface, replyWithStory, type StorySource } from './reply-loop.ts';

/** The record of a chat's reply: what the page has, and the messages that show it so far. */
export interface MessageRecord extends ReplyRecord {
  readonly messages?: readonly string[];
}

/** Where a chat shows one reply. */
export interface MessageSurface extends ReplySurface {
  /** The messages that show the reply so far, to be written down with its record. */
  readonly messages: readonly string[];
  /** Lets go of what it holds. */
  close(): void;
}

/** The reply cannot be shown to anybody any more: there is nothing left to write for. */
export class ReplyLost extends Error {
  /** Stable code of the platform. */
  readonly failure: string;

  constructor(failure: string, options?: ErrorOptions) {
    super(`The reply cannot be shown any more (${failure}).`, options);
    this.name = 'ReplyLost';
    this.failure = failure;
  }
}

export interface ReplyWork<Handle> {
  readonly stories: StorySource;
  /** Characters a second. */
  readonly pace: number;
  /** Replies at the same time. */
  readonly concurrency: number;
  readonly logger: Logger;
  readonly open: (task: ReplyTask<Handle>) => MessageSurface;
}

/** Has this process edit a chat's replies, whoever was asked for them. */
export function workReplies<Handle>(
  platform: string,
  replies: Replies<Handle>,
  work: ReplyWork<Handle>,
): void {
  replies.work((task) => editReply(platform, task, work), work.concurrency);
}

async function editReply<Handle>(
  platform: string,
  task: ReplyTask<Handle>,
  { stories, pace, logger, open }: ReplyWork<Handle>,
): Promise<ReplyState> {
  const storyId = `${platform}-${task.id}`;
  const surface = open(task);
  const write = (record: MessageRecord) =>
    task.write({ ...record, messages: surface.messages } as MessageRecord);
  try {
    const clock = () => performance.now();
    const counted: ReplySurface = {
      edit: (state) => {
        edits.inc({ platform, kind: 'progress' });
        return surface.edit(state);
      },
      finish: (state) => {
        edits.inc({ platform, kind: 'final' });
        return surface.finish(state);
      },
    };
    return await replyWithStory({ ...task, write }, storyId, { stories, surface: counted, pace, clock });
  } catch (error) {
    if (!(error instanceof ReplyLost)) throw error;
    // Nobody can see it: what matters now is that nobody goes on writing it.
    logger.info({ reply: task.id, failure: error.failure }, 'reply given up');
    const lasting = lastingStories(stories, task);
    await lasting.stop(storyId);
    const { message } = error;
    const state: ReplyState = { status: 'failed', text: '', error: { code: error.failure, message } };
    await write({ state, delivered: true });
    await lasting.remove(storyId);
    return state;
  } finally {
    surface.close();
  }
}
