/** A real worker on a queue, with a fake generator that writes plausible words without a delay. */
import type { Logger } from 'pino';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import type { Stories } from '../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../src/queue/story-worker.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import type { FakeEngineOptions } from '../fakes/fake-engine.ts';
import { fakeStoryteller, holding } from '../fakes/fake-storyteller.ts';

export interface StartedWorker {
  readonly worker: StoryWorker;
  readonly storyteller: Storyteller;
  close(): Promise<void>;
}

/**
 * Starts a worker that takes up to 128 stories at once, and announces it as ready.
 *
 * @param isHeld whether a story ends only when it is stopped
 */
export async function startStoryWorker(
  connection: QueueConnection,
  stories: Stories,
  logger: Logger,
  engine: FakeEngineOptions = { capacity: 128, stepsPerDecode: 8 },
  isHeld: (request: StoryRequest) => boolean = () => false,
): Promise<StartedWorker> {
  const { storyteller } = fakeStoryteller(engine);
  const writer = holding(storyteller, isHeld);
  const worker = new StoryWorker({
    connection,
    stories,
    logger,
    storyteller: () => writer,
    concurrency: 128,
  });
  await worker.ready();
  const stopAnnouncing = announceReady(stories);
  return {
    worker,
    storyteller,
    async close() {
      stopAnnouncing();
      await worker.close();
      await storyteller.close();
    },
  };
}

/** Announces a ready worker without one, until the returned function is called. */
export function announceReady(stories: Stories): () => void {
  return keepAnnouncing(stories, () => ({ phase: 'ready', loaded: 1 }));
}
