/**
 * Measures the cost of the queue: stories through replies queue, stories queue and worker, pace off, against
 * the bare engine loop with the same number of stories in the same run; time from request to first snapshot;
 * event-loop delay. Everything runs in one process (with `redis-server` beside it), as in `npm start`.
 */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { replyWithStory } from '../src/bots/reply-loop.ts';
import type { Engine } from '../src/generator/engines/engine.ts';
import { createOnnxEngine } from '../src/generator/engines/onnx.ts';
import { loadModel } from '../src/generator/model/files.ts';
import type { Model } from '../src/generator/model/model.ts';
import { Storyteller } from '../src/generator/storyteller.ts';
import type { QueueConnection } from '../src/queue/connection.ts';
import { Replies } from '../src/queue/replies.ts';
import { Stories } from '../src/queue/stories.ts';
import { StoryWorker } from '../src/queue/story-worker.ts';
import type { ReplyState, StoryRequest } from '../src/story/story.ts';
import { BACKENDS } from '../test/helpers/backends.ts';
import { bareLoop } from './engines.ts';
import { figure, median, request } from './measure.ts';

const CROWD = 64;
const LENGTHS = [1_200, 6_000];
const FIRST_SNAPSHOT_TRIALS = 40;
const BARE_LOOP_MS = 3_000;
const ROUNDS = 3;
const PROMPT_200 =
  'It all began with a quiet signal that nobody on the night watch could explain, a thin voice between the ' +
  'stars that spoke in numbers, and the captain, who had heard many voices in her time, said that ';

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

/** Characters per second with this many concurrent stories, and the event-loop delay (p99, ms) meanwhile. */
export async function crowd(pipeline: Pipeline, size: number, length: number, seed: number) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const ends = await Promise.all(
    Array.from({ length: size }, (_, index) => pipeline.ask(request(seed + index, length))),
  );
  const seconds = (performance.now() - started) / 1_000;
  delay.disable();
  const characters = ends.reduce((sum, { text }) => sum + text.length, 0);
  return { rate: characters / seconds, p99: delay.percentile(99) / 1e6, texts: ends.map(({ text }) => text) };
}

/** The cost of the queue as table rows, and lines with further results. */
export async function benchQueue(): Promise<{ rows: string[][]; notes: string[] }> {
  const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
  const engine = await createOnnxEngine(model, { capacity: CROWD, threads: cpus().length });
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const { name, skip, start } of BACKENDS) {
    if (skip) {
      notes.push(`${name}: ${skip}`);
      continue;
    }
    const backend = await start();
    const pipeline = await openPipeline(await backend.connect(), { model, engine });
    await crowd(pipeline, CROWD, 600, 0);
    for (const [size, length] of [[1, 6_000] as const, ...LENGTHS.map((each) => [CROWD, each] as const)]) {
      const ratios: number[] = [];
      const rates: number[] = [];
      const delays: number[] = [];
      let same = true;
      for (let round = 0; round < ROUNDS; round++) {
        const bare = await bareLoop(engine, size, BARE_LOOP_MS);
        const { rate, p99, texts } = await crowd(pipeline, size, length, round * CROWD);
        ratios.push(rate / bare);
        rates.push(rate);
        delays.push(p99);
        const alone = await pipeline.ask(request(round * CROWD, length));
        same &&= alone.text === texts[0];
      }
      rows.push([
        name,
        `${size} x ${length.toLocaleString('en')}`,
        `${(median(ratios) * 100).toFixed(0)}%`,
        ratios.map((ratio) => (ratio * 100).toFixed(0)).join(', '),
        figure(median(rates)),
        `${median(delays).toFixed(1)} ms`,
        same ? 'yes' : 'NO',
      ]);
    }
    const firsts: number[] = [];
    for (let trial = 0; trial < FIRST_SNAPSHOT_TRIALS; trial++) {
      firsts.push((await pipeline.ask(request(trial, 400, PROMPT_200))).firstMs);
    }
    firsts.sort((a, b) => a - b);
    notes.push(
      `${name}, request to first text, prompt of ${PROMPT_200.length}: median ${median(firsts).toFixed(0)} ms, ` +
        `longest of ${FIRST_SNAPSHOT_TRIALS} ${firsts.at(-1)!.toFixed(0)} ms`,
    );
    await pipeline.close();
    await backend.stop();
  }
  await engine.close();
  return { rows, notes };
}
