/**
 * The page's replies over the queue. On this platform the job *is* the reply: the page follows the recorded
 * state, so there is no surface to edit.
 */
import type { Limits } from '../../queue/admission/limits.ts';
import type { Replies } from '../../queue/replies.ts';
import type { Stories } from '../../queue/stories.ts';
import { replyWithStory } from '../reply-loop.ts';
import { submit } from '../submit.ts';
import type { WebReplies } from './web-replies.ts';

const WAITING_COUNT_AGE_MS = 1_000;

/** Implements the web server's replies over the queue. */
export function webReplies(replies: Replies<null>, stories: Stories, limits: Limits): WebReplies {
  let waiting = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    submit: (id, request, requester) => submit({ replies, limits }, id, request, () => null, requester),
    read: (id) => replies.read(id),
    follow: (id, listener) => replies.follow(id, listener),
    stop: (id) => replies.stop(id),
    status() {
      if (performance.now() - countedAt > WAITING_COUNT_AGE_MS) {
        countedAt = performance.now();
        stories.load().then(
          (load) => {
            waiting = load.waiting;
          },
          () => {},
        );
      }
      return { ...stories.status(), waiting };
    },
  };
}

/** Lets this process edit the page's replies. */
export function workWebReplies(
  replies: Replies<null>,
  stories: Stories,
  { pace, concurrency }: { readonly pace: number; readonly concurrency: number },
): void {
  replies.work(
    (task) => replyWithStory(task, `web-${task.id}`, { stories, pace, clock: () => performance.now() }),
    concurrency,
  );
}
