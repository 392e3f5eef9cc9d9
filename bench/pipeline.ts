/** All parts between a request and its reply, for the benchmarks of the queue. */
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { replyWithStory } from '../src/bots/reply-loop.ts';
import type { Engine } from '../src/generator/engines/engine.ts';
import type { Model } from '../src/generator/model/model.ts';
import { Storyteller } from '../src/generator/storyteller.ts';
import type { QueueConnection } from '../src/queue/connection.ts';
import { Replies } from '../src/queue/replies.ts';
import { Stories } from '../src/queue/stories.ts';
import { StoryWorker } from '../src/queue/story-worker.ts';
import type { ReplyState, StoryRequest } from '../src/story/story.ts';
import { request } from './measure.ts';

/** The largest number of stories at once. */
export const CROWD = 64;

const silent = pino({ level: 'silent' });

/**
 * All parts between a request and its reply, as in `npm start`.
 *
 * @param pace characters per second at which replies grow; 0 for no limit
 */
export async function openPipeline(
  connection: QueueConnection,
  writer: { model: Model; engine: Engine } | undefined,
  pace = 0,
) {
  const stories = new Stories(connection);
  await stories.ready();
  const replies = new Replies<null>(connection, 'bench', silent);
  await replies.ready();
  replies.work(
    (task) => replyWithStory(task, `bench-${task.id}`, { stories, pace, clock: () => performance.now() }),
    1_000,
  );
  const worker = writer && startWorker(connection, stories, writer);
  await worker?.ready();
  return {
    /** Submits a request; resolves with the final text and the ms until the first text appeared. */
    async ask(wanted: StoryRequest): Promise<{ text: string; firstMs: number }> {
      const id = randomUUID();
      const started = performance.now();
      let firstMs = Number.NaN;
      await replies.submit(id, wanted, null);
      const end = await new Promise<ReplyState>((resolve, reject) => {
        replies
          .follow(id, (state) => {
            if (state.status === 'waiting') return;
            if (Number.isNaN(firstMs) && state.text.length > wanted.prompt.length)
              firstMs = performance.now() - started;
            if (state.status !== 'writing') resolve(state);
          })
          .then((unfollow) => unfollow ?? reject(new Error('unknown')), reject);
      });
      if (end.status !== 'finished') throw new Error(JSON.stringify(end));
      return { text: end.text, firstMs };
    },
    async close() {
      await worker?.close();
      await replies.close();
      await stories.close();
    },
  };
}

function startWorker(
  connection: QueueConnection,
  stories: Stories,
  { model, engine }: { model: Model; engine: Engine },
): StoryWorker {
  const storyteller = new Storyteller(model, engine, { maxWaiting: CROWD });
  return new StoryWorker({
    connection,
    stories,
    logger: silent,
    storyteller: () => storyteller,
    concurrency: CROWD + 8,
  });
}

export type Pipeline = Awaited<ReturnType<typeof openPipeline>>;

/**
 * Characters per second with this many concurrent stories, and meanwhile the event-loop delay (p99, ms) and the
 * processor time of this process (microseconds a character).
 */
export async function crowd(pipeline: Pipeline, size: number, length: number, seed: number) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  const started = performance.now();
  const ends = await Promise.all(
    Array.from({ length: size }, (_, index) => pipeline.ask(request(seed + index, length))),
  );
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  const characters = ends.reduce((sum, { text }) => sum + text.length, 0);
  return {
    rate: characters / seconds,
    p99: delay.percentile(99) / 1e6,
    cpu: (user + system) / characters,
    texts: ends.map(({ text }) => text),
  };
}
