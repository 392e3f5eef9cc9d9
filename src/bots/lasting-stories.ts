import { outlast } from '../queue/outage.ts';
import type { ReplyTask } from '../queue/reply-worker.ts';
import type { StorySource } from './reply-loop.ts';

/**
 * The stories queue for one reply: operations wait while the queue is unavailable, until the reply is
 * released.
 */
export function lastingStories(
  stories: StorySource,
  { signal, confirm }: Pick<ReplyTask<unknown>, 'signal' | 'confirm'>,
): StorySource {
  return {
    add(id, request, level) {
      let isRepeated = false;
      return outlast(async () => {
        // Another process may have finished the reply meanwhile and removed its story; a story added again
        // would never be removed.
        if (isRepeated) await confirm();
        isRepeated = true;
        await stories.add(id, request, level);
      }, signal);
    },
    promote: (id) => outlast(() => stories.promote(id), signal),
    follow: (id, listener, isNew) => stories.follow(id, listener, isNew),
    position: (id) => stories.position(id),
    stop: (id) => outlast(() => stories.stop(id), signal),
    remove: (id) => outlast(() => stories.remove(id), signal),
  };
}
