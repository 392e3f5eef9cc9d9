/** Has several stories written at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoryCredits, StoryRequest } from '../story/story.ts';
import { outlast } from './outage.ts';
import type { Stories } from './stories.ts';

/** How often the caller is asked whether the stories are still wanted. */
const LOOK_INTERVAL_MS = 1_000;

/** What the network wrote, with the prompt of its request. */
export interface Written extends StoryCredits {
  readonly text: string;
  readonly seed: number;
}

export interface Together {
  readonly stories: Stories;
  /** The requests by the ids of their stories. */
  readonly requests: ReadonlyMap<string, StoryRequest>;
  /** Whether the stories are still wanted. */
  readonly isWanted: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/**
 * Has stories written at the same time. Stories that were added before are followed.
 *
 * @returns what was written, without what failed; undefined when they are not wanted any more
 * @throws the reason with which the signal was aborted
 */
export async function writeTogether({
  stories,
  requests,
  isWanted,
  signal,
}: Together): Promise<Written[] | undefined> {
  const written: (Written | null | undefined)[] = [...requests].map(() => undefined);
  const unfollow: (() => void)[] = [];
  const done = new AbortController();
  try {
    for (const [index, [storyId, request]] of [...requests].entries()) {
      const add = () => outlast(() => stories.add(storyId, request), signal);
      await add();
      const end = stories.follow(storyId, (update) => {
        if (update.type === 'done') written[index] = { ...update.story, seed: request.seed };
        else if (update.type === 'failed') written[index] = null;
        // The queue lost the story: the same seed gives the same text.
        else if (update.type === 'missing') add().catch(() => {});
        if (!written.includes(undefined)) done.abort();
      });
      unfollow.push(end);
    }
    while (!done.signal.aborted) {
      const waking = AbortSignal.any([signal, done.signal]);
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: waking }).catch(() => {});
      signal.throwIfAborted();
      if (done.signal.aborted || (await isWanted())) continue;
      for (const storyId of requests.keys()) await outlast(() => stories.stop(storyId), signal);
      return undefined;
    }
    return written.filter((one) => one !== null && one !== undefined);
  } finally {
    for (const end of unfollow) end();
  }
}
