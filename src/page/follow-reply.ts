/** Brings replies of the page to their ends: submits them if necessary, follows them, and records failures. */
import { isFinal, type ReplyState } from '../story/story.ts';
import { ApiError, type StoryBackend } from './backend/backend.ts';
import { later, wait } from './browser.ts';
import { followReply, submitReply } from './following.ts';
import { failed, mergeState, type Reply } from './reply.ts';

const FORGOTTEN = 'The computer no longer has this story. Its text so far stays on this page.';

export interface ReplyWatcher {
  /** Applies a change to a reply. */
  change(id: string, next: (reply: Reply) => Reply): void;
  onConnection(isLost: boolean): void;
}

/** @param replies one; or those of which the user chooses one, which are submitted together */
export async function bringToEnd(
  replies: readonly Reply[],
  backend: StoryBackend,
  { change, onConnection }: ReplyWatcher,
  signal: AbortSignal,
): Promise<void> {
  const fail = (id: string, error: unknown) => {
    const { code, message } =
      error instanceof ApiError ? error : new ApiError('internal', 'The page failed. Please reload it.');
    change(id, (reply) => ({ ...reply, state: failed(reply.state, { code, message }) }));
  };
  try {
    if (!replies.every(({ submitted }) => submitted)) {
      await submitReply(
        () => submit(replies, backend, change),
        { wait },
        () => onConnection(true),
      );
    }
  } catch (error) {
    for (const { id } of replies) fail(id, error);
    return;
  }
  const follow = async ({ id }: Reply) => {
    const onState = (state: ReplyState) =>
      change(id, (reply) => ({ ...reply, state: mergeState(reply.state, state) }));
    try {
      const end = await followReply(id, backend, { wait, later }, { onState, onConnection }, signal);
      if (end === 'unknown') throw new ApiError('not_found', FORGOTTEN);
    } catch (error) {
      fail(id, error);
    }
  };
  await Promise.all(replies.filter(({ state }) => !isFinal(state)).map(follow));
}

async function submit(
  replies: readonly Reply[],
  { api }: StoryBackend,
  change: ReplyWatcher['change'],
): Promise<void> {
  const [{ id, ask }] = replies as [Reply];
  const ids = replies.map((reply) => reply.id);
  const requests = replies.length === 1 ? [await api.submit(id, ask)] : await api.offer(ids, ask);
  for (const [index, request] of requests.entries()) {
    change(ids[index]!, (reply) => ({ ...reply, ask: request, submitted: true }));
  }
}
