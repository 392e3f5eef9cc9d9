/** Brings one reply of the page to its end: submits it if necessary, follows it, and records a failure. */
import type { ReplyState } from '../story/story.ts';
import { ApiError, type StoryBackend } from './backend/backend.ts';
import { later, wait } from './browser.ts';
import { followReply, submitReply } from './following.ts';
import { failed, mergeState, type Reply } from './reply.ts';

const FORGOTTEN = 'The computer no longer has this story. Its text so far stays on this page.';

export interface ReplyWatcher {
  /** Applies a change to the reply. */
  change(next: (reply: Reply) => Reply): void;
  onConnection(isLost: boolean): void;
}

export async function bringToEnd(
  { id, ask, submitted }: Reply,
  backend: StoryBackend,
  { change, onConnection }: ReplyWatcher,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (!submitted) {
      const send = async () => {
        const request = await backend.api.submit(id, ask);
        change((reply) => ({ ...reply, ask: request, submitted: true }));
      };
      await submitReply(send, { wait }, () => onConnection(true));
    }
    const onState = (state: ReplyState) =>
      change((reply) => ({ ...reply, state: mergeState(reply.state, state) }));
    const end = await followReply(id, backend, { wait, later }, { onState, onConnection }, signal);
    if (end === 'unknown') throw new ApiError('not_found', FORGOTTEN);
  } catch (error) {
    const { code, message } =
      error instanceof ApiError ? error : new ApiError('internal', 'The page failed. Please reload it.');
    change((reply) => ({ ...reply, state: failed(reply.state, { code, message }) }));
  }
}
