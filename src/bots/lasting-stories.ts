import { outlast } from '../queue/outage.ts';
import type { ReplyTask } from '../queue/reply-job.ts';
import type { StorySource } from './reply-loop.ts';

/** The stories as a reply sees them that waits for as long as the queue is away, or until it is put down. */
export function lastingStories(
  stories: StorySource,
  { signal, confirm }: Pick<ReplyTask<unknown>, 'signal' | 'confirm'>,
): StorySource {
  return {
    add(id, request, level) {
      let isRepeated = false;
      return outlast(async () => {
        // Another may have had the reply meanwhile, and have removed its story: nothing would remove another one.
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
