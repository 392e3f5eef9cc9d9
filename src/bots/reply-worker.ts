/**
 * Processes a chat's replies from the queue: each is shown in messages until it ends or cannot be shown any
 * more.
 */
import type { Logger } from 'pino';
import { edits } from '../metrics.ts';
import type { Replies } from '../queue/replies.ts';
import type { ReplyRecord, ReplyTask } from '../queue/reply-worker.ts';
import type { ReplyState } from '../story/story.ts';
import { lastingStories } from './lasting-stories.ts';
import { type ReplySurface, replyWithStory, type StorySource } from './reply-loop.ts';

/** The record of a chat's reply: the same as on the page, and the messages that show it so far. */
export interface MessageRecord extends ReplyRecord {
  readonly messages?: readonly string[];
}

/** Where a chat shows one reply. */
export interface MessageSurface extends ReplySurface {
  /** The messages that show the reply so far; they are stored with its record. */
  readonly messages: readonly string[];
  /** Releases its resources. */
  close(): void;
}

/** The reply cannot be shown to any user any more, so its story is stopped. */
export class ReplyLost extends Error {
  /** The platform's stable error code. */
  readonly failure: string;

  constructor(failure: string, options?: ErrorOptions) {
    super(`The reply cannot be shown any more (${failure}).`, options);
    this.name = 'ReplyLost';
    this.failure = failure;
  }
}

export interface ReplyWork<Handle> {
  readonly stories: StorySource;
  /** Characters per second. */
  readonly pace: number;
  /** Replies processed at the same time. */
  readonly concurrency: number;
  readonly logger: Logger;
  readonly open: (task: ReplyTask<Handle>) => MessageSurface;
}

/** Lets this process edit a chat's replies, for all requesters. */
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
    // The reply is not visible to any user, so its story is stopped.
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
