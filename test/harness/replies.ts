/** Replies, stories and a worker over a queue, without processes, chats or a model. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { replyWithStory } from '../../src/bots/reply-loop.ts';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Replies } from '../../src/queue/replies.ts';
import { sweep } from '../../src/queue/retention.ts';
import { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState, StoryRequest } from '../../src/story/story.ts';

export function request(seed: number, prompt = 'It all began with '): StoryRequest {
  return { prompt, context: '', temperature: 0.4, length: 800, seed, model: 'scifi' };
}

export interface RepliesHarness {
  /** Asks for the story of a seed; resolves with the reply's final state. */
  ask(seed: number, prompt?: string): Promise<ReplyState>;
  sweep(): Promise<void>;
  readonly replies: Replies<null>;
  close(): Promise<void>;
}

/** Replies, stories and a worker, with one connection for the bots' side and one for the worker's. */
export async function openReplies(
  connect: () => Promise<QueueConnection>,
  storyteller: Storyteller,
): Promise<RepliesHarness> {
  const logger = pino({ level: 'silent' });
  const [bots, writers] = [await connect(), await connect()];
  const [stories, theirs] = [new Stories(bots), new Stories(writers)];
  const replies = new Replies<null>(bots, 'test', logger);
  await Promise.all([stories.ready(), theirs.ready(), replies.ready()]);
  const clock = () => performance.now();
  replies.work((task) => replyWithStory(task, `test-${task.id}`, { stories, pace: 0, clock }), 100);
  const worker = new StoryWorker({
    connection: writers,
    stories: theirs,
    logger,
    storyteller: () => storyteller,
    concurrency: 16,
  });
  await worker.ready();
  return {
    replies,
    async ask(seed, prompt) {
      const id = randomUUID();
      await replies.submit(id, request(seed, prompt), null);
      return new Promise<ReplyState>((resolve, reject) => {
        const listener = (state: ReplyState) => {
          if (state.status === 'finished' || state.status === 'failed') resolve(state);
        };
        replies.follow(id, listener).then((unfollow) => unfollow ?? reject(new Error('unknown')), reject);
      });
    },
    sweep: () => sweep({ connection: bots, stories, queues: [replies], retentionMs: 0, logger }),
    async close() {
      await worker.close();
      await replies.close();
      await Promise.all([stories.close(), theirs.close()]);
      await Promise.all([bots.close(), writers.close()]);
    },
  };
}
