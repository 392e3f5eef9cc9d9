/**
 * A reply that is written in place of an edited one. Its job is stored before anything is changed, so that a process
 * that is killed leaves the rest to another, and every step can be repeated.
 *
 * 1. The edited reply is stopped, and its processor ends it: it gives its lease back, once.
 * 2. Its messages are recorded as those of the new reply.
 * 3. Those that the new reply does not need are deleted, and its record and its story are removed.
 * 4. That is recorded; then the new story begins, in the messages that remain.
 */
import { outlast } from '../queue/outage.ts';
import { type EndableReplies, forgetReply } from '../queue/removals.ts';
import type { ReplyRecord, ReplyTask } from '../queue/reply-worker.ts';
import type { Stories } from '../queue/stories.ts';

export interface Replacement<Handle> {
  readonly replies: EndableReplies;
  readonly stories: Pick<Stories, 'remove'>;
  /** Deletes the messages that a new reply does not need; returns those that it takes over. */
  readonly clear: (handle: Handle, messages: readonly string[]) => Promise<readonly string[]>;
}

/** Replaces an edited reply, if the task has one; returns the task with its record. */
export async function takeOver<Handle>(
  task: ReplyTask<Handle>,
  { replies, stories, clear }: Replacement<Handle>,
): Promise<ReplyTask<Handle>> {
  const { replaces, signal } = task;
  if (!replaces || task.record?.hasReplaced) return task;
  const record: ReplyRecord = task.record ?? {
    state: { status: 'waiting', position: null },
    delivered: false,
  };
  let { messages } = record;
  if (messages === undefined) {
    const recorded = await outlast(() => replies.end(replaces.replyId, signal), signal);
    messages = [...new Set([...recorded, ...replaces.messages])];
    await task.write({ ...record, messages });
  }
  const kept = await clear(task.handle, messages);
  await outlast(() => forgetReply(replies, stories, replaces.replyId), signal);
  const replaced = { ...record, messages: kept, hasReplaced: true } as const;
  await task.write(replaced);
  return { ...task, record: replaced };
}
