/**
 * The worker among other workers: what it reports, what it leaves to a successor, and when no worker takes a
 * story any more. Storytellers are stubs whose every word the test decides; locks are BullMQ's own, only
 * shorter than in production.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, WorkerOptions } from 'bullmq';
import { pino } from 'pino';
import type { Storyteller, TellOptions } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Replies } from '../../src/queue/replies.ts';
import { Stories, type StoryProgress, type StoryUpdate } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { Begun, ReplyState, Story, StoryCredits, StoryRequest } from '../../src/story/story.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const CREDITS = { modelVersion: 'v', engine: 'onnx' };
const UNREADABLE = 4;
const PROMPT = 'It all began with';
const SNAPSHOT_INTERVAL_MS = 300;
/** Job locks for tests that lose them: renewed twice a second, checked four times a second. */
const SHORT: Partial<WorkerOptions> = { lockDuration: 1_000, stalledInterval: 250 };
/** A worker whose event loop is blocked, so that it does not renew its job locks. */
const FROZEN: Partial<WorkerOptions> = { ...SHORT, skipLockRenewal: true };

function request(): StoryRequest {
  return { prompt: PROMPT, context: '', temperature: 0.4, length: 6_000, seed: 1, model: 'scifi' };
}

function told(text: string, ending: Story['ending'] = 'complete'): Story {
  return { text, ending, ...CREDITS, unreadable: 0 };
}

/** One call of a stub's `tell`, which the test controls. */
interface Telling {
  readonly resumeFrom: string;
  readonly signal: AbortSignal;
  /** Offers a text as the storyteller does after a word. */
  word(text: string): void;
  end(story: Story): void;
}

/**
 * A storyteller that writes the given text, and by default ends as `stopped` when it is aborted.
 *
 * @param continues whether it continues any snapshot
 */
function standIn(
  tellings: Telling[],
  { obeys = true, credits = CREDITS, continues = true } = {},
): Storyteller {
  const tell = (_: StoryRequest, { resumeFrom = '', signal, onWord }: TellOptions) =>
    new Promise<Story>((resolve) => {
      let latest = resumeFrom;
      tellings.push({
        resumeFrom,
        signal: signal!,
        end: resolve,
        word(text) {
          latest = text;
          onWord?.(
            () => text,
            () => ({}),
          );
        },
      });
      const stopped = () => resolve(told(latest, 'stopped'));
      if (!obeys) return;
      if (signal!.aborted) stopped();
      else signal!.addEventListener('abort', stopped);
    });
  return {
    credits,
    continues: () => continues,
    unreadable: () => UNREADABLE,
    tell,
  } as unknown as Storyteller;
}

interface Sent extends StoryCredits, Begun {
  readonly story: string;
  readonly text: string;
  readonly at: number;
}

// In parallel: both mostly wait for job locks to expire.
describe('a story worker', { concurrency: 2 }, () => {
  for (const { name, skip, start } of BACKENDS) {
    describe(`on ${name}`, { skip, timeout: 240_000, concurrency: 1 }, () => {
      let backend: Backend;
      let connection: QueueConnection;
      let stories: Stories;
      let workers: StoryWorker[] = [];
      /** Jobs in the order in which they were taken, with the token of their lock. */
      let taken: { job: Job; token: string }[] = [];
      /** Snapshots in the order in which they were sent. */
      let sent: Sent[] = [];

      before(async () => {
        backend = await start();
        connection = await backend.connect();
        stories = new Stories(connection);
        await stories.ready();
      });

      afterEach(async () => {
        await Promise.all(workers.map((worker) => worker.close()));
        workers = [];
        taken = [];
        sent = [];
      });

      after(async () => {
        await stories.close();
        await backend.stop();
      });

      async function work(
        storyteller: Storyteller,
        { concurrency = 1, locks = {} as Partial<WorkerOptions> } = {},
      ): Promise<StoryWorker> {
        const watched: QueueConnection = {
          ...connection,
          worker: (queue, processor, options) =>
            connection.worker(
              queue,
              (job, token) => {
                taken.push({ job, token: token! });
                const { updateProgress } = job;
                job.updateProgress = (progress) => {
                  const { losses, ...snapshot } = progress as unknown as StoryProgress;
                  sent.push({ story: job.id!, ...snapshot, at: performance.now() });
                  return updateProgress.call(job, progress);
                };
                return processor(job, token);
              },
              { ...options, ...locks },
            ),
        };
        const worker = new StoryWorker({
          connection: watched,
          stories,
          logger,
          storyteller: () => storyteller,
          concurrency,
        });
        workers.push(worker);
        await worker.ready();
        return worker;
      }

      async function add(): Promise<string> {
        const id = randomUUID();
        await stories.add(id, request());
        return id;
      }

      function end(id: string): Promise<StoryUpdate> {
        return new Promise((resolve) => {
          stories.follow(id, (update) => {
            if (update.type === 'done' || update.type === 'failed') resolve(update);
          });
        });
      }

      it('sends the first snapshot at once, then few, and none that is no longer than the last', async () => {
        const tellings: Telling[] = [];
        await work(standIn(tellings));
        const id = await add();
        const telling = await until(() => tellings[0], 'the telling');
        const begun = performance.now();
        telling.word(PROMPT);
        let text = PROMPT;
        for (let word = 0; sent.length < 4; word++) {
          assert.ok(performance.now() - begun < 30_000, `${sent.length} snapshots`);
          text += ` word${word}`;
          telling.word(text);
          if (word === 0) await until(() => sent.length === 1, 'the first, which waits for no further text');
          // Certain text can shrink: the beginning of a sentence that is taken back.
          telling.word(text.slice(0, -20));
          await sleep(10);
        }
        const elapsed = performance.now() - begun;
        telling.end(told(`${text}.`));
        assert.equal((await end(id)).type, 'done');
        assert.ok(sent.length <= elapsed / SNAPSHOT_INTERVAL_MS + 1, `${sent.length} snapshots`);
        for (const [index, next] of sent.entries()) {
          const { modelVersion, engine, unreadable } = next;
          assert.deepEqual({ modelVersion, engine, unreadable }, { ...CREDITS, unreadable: UNREADABLE });
          assert.ok(next.text.length > (sent[index - 1]?.text ?? PROMPT).length, 'snapshots grow');
        }
      });

      it('sends fewer snapshots of each story when it writes many', async () => {
        const crowd = 60;
        const tellings: Telling[] = [];
        await work(standIn(tellings), { concurrency: crowd });
        const ids = await Promise.all(Array.from({ length: crowd }, add));
        await until(() => tellings.length === crowd, 'the crowd');
        const begun = performance.now();
        let text = PROMPT;
        const countOf = (id: string) => sent.filter(({ story }) => story === id).length;
        while (performance.now() - begun < 1_600 || !ids.every((id) => countOf(id) >= 2)) {
          assert.ok(performance.now() - begun < 30_000, 'every story has a second snapshot');
          text += ' word';
          for (const telling of tellings) telling.word(text);
          await sleep(20);
        }
        const most = Math.floor((performance.now() - begun) / (crowd * 12)) + 1;
        for (const telling of tellings) telling.end(told(`${text}.`));
        for (const id of ids) {
          const count = countOf(id);
          assert.ok(count <= most, `${count} snapshots of one story, at most ${most}`);
          assert.equal((await end(id)).type, 'done');
        }
      });

      it('fails a story after three workers in a row are lost without progress', async () => {
        const tellings: Telling[] = [];
        for (let writer = 0; writer < 4; writer++) await work(standIn(tellings), { locks: FROZEN });
        const id = await add();
        const failure = {
          type: 'failed',
          code: 'no_progress',
          message: 'This story made its worker fail several times and was given up. Try another opening.',
        };
        assert.deepEqual(await end(id), failure);
        assert.equal(tellings.length, 3);
        // The lost workers resume and hand over jobs that are no longer theirs.
        await Promise.all(workers.map((worker) => worker.close()));
        assert.deepEqual(await end(id), failure);
        await work(standIn(tellings));
        await sleep(200);
        assert.equal(tellings.length, 3, 'no worker takes it again');
      });

      it('counts from the last progress: three more workers are lost after one that made some', async () => {
        const tellings: Telling[] = [];
        for (let writer = 0; writer < 6; writer++) await work(standIn(tellings), { locks: FROZEN });
        const id = await add();
        const ended = end(id);
        for (let lost = 0; lost < 2; lost++) await until(() => tellings[lost], `writer ${lost}`);
        // The second makes progress; one is behind it and three follow.
        tellings[1]!.word(`${PROMPT} a word `);
        const failed = await ended;
        assert.equal(failed.type === 'failed' && failed.code, 'no_progress');
        assert.deepEqual(
          tellings.map(({ resumeFrom }) => resumeFrom),
          [PROMPT, PROMPT, ...Array(3).fill(`${PROMPT} a word `)],
        );
      });

      it('does not count workers that hand over in an orderly way', async () => {
        const tellings: Telling[] = [];
        const id = await add();
        for (let handover = 1; handover <= 4; handover++) {
          const worker = await work(standIn(tellings));
          await until(() => tellings.length === handover, `writer ${handover}`);
          await worker.close();
        }
        await work(standIn(tellings));
        (await until(() => tellings[4], 'the last writer')).end(told(`${PROMPT} an end.`));
        assert.deepEqual(await end(id), { type: 'done', story: told(`${PROMPT} an end.`) });
      });

      it('begins a story anew that another arithmetic or another model version has begun', async () => {
        const tellings: Telling[] = [];
        const id = await add();
        const writers = [
          { credits: CREDITS, continues: true },
          { credits: { modelVersion: 'v', engine: 'integer-1' }, continues: false },
          { credits: { modelVersion: 'v', engine: 'integer-1' }, continues: true },
          { credits: { modelVersion: 'w', engine: 'integer-1' }, continues: false },
        ];
        for (const [index, writer] of writers.entries()) {
          const worker = await work(standIn(tellings, writer));
          const telling = await until(() => tellings[index], `writer ${index}`);
          telling.word(`${telling.resumeFrom} word`);
          await until(() => sent.length === index + 1, 'its snapshot');
          if (index < writers.length - 1) await worker.close();
        }
        tellings[3]!.end({ ...told(`${PROMPT} word and an end.`), ...writers[3]!.credits });
        assert.deepEqual(
          tellings.map(({ resumeFrom }) => resumeFrom),
          [PROMPT, PROMPT, `${PROMPT} word`, PROMPT],
        );
        assert.deepEqual(
          sent.map(({ beginning, engine, modelVersion }) => [beginning, engine, modelVersion]),
          [
            [undefined, 'onnx', 'v'],
            [1, 'integer-1', 'v'],
            [1, 'integer-1', 'v'],
            [2, 'integer-1', 'w'],
          ],
        );
        const story = { ...told(`${PROMPT} word and an end.`), ...writers[3]!.credits, beginning: 2 };
        assert.deepEqual(await end(id), { type: 'done', story });
      });

      it('gives a story up that would begin anew for ever', async () => {
        const tellings: Telling[] = [];
        const id = await add();
        const ended = end(id);
        for (let index = 0; index < 6; index++) {
          const worker = await work(standIn(tellings, { continues: false }));
          (await until(() => tellings[index], `writer ${index}`)).word(`${PROMPT} word`);
          await until(() => sent.length === index + 1, 'its snapshot');
          await worker.close();
        }
        await work(standIn(tellings, { continues: false }));
        const failed = await ended;
        assert.equal(failed.type === 'failed' && failed.code, 'no_progress');
        assert.equal(tellings.length, 6);
      });

      it('abandons a story whose lock was lost, and leaves it to the new worker', async () => {
        const first: Telling[] = [];
        const second: Telling[] = [];
        await work(standIn(first), { locks: SHORT });
        const id = await add();
        (await until(() => first[0], 'the first writer')).word(`${PROMPT} the first`);
        const { signal } = first[0]!;
        await until(() => sent.length === 1, 'a snapshot');
        await work(standIn(second), { locks: SHORT });
        // What a stalled check does to a worker that it considers dead.
        await taken[0]!.job.moveToWait(taken[0]!.token);
        await until(() => second[0], 'the second writer');
        await until(() => signal.aborted, 'the first one to notice');
        assert.match(String(signal.reason), /lock lost/);
        assert.equal(second[0]!.resumeFrom, `${PROMPT} the first`);
        await sleep(SNAPSHOT_INTERVAL_MS);
        assert.equal(second[0]!.signal.aborted, false, 'the new writer is not disturbed');
        second[0]!.end(told(`${PROMPT} the first and the second.`));
        assert.deepEqual(await end(id), { type: 'done', story: told(`${PROMPT} the first and the second.`) });
      });

      it('cannot complete a story whose lock was lost, even if it does not notice', async () => {
        const first: Telling[] = [];
        const second: Telling[] = [];
        await work(standIn(first, { obeys: false }), { locks: FROZEN });
        const id = await add();
        await until(() => first[0], 'the first writer');
        await work(standIn(second), { locks: SHORT });
        const successor = await until(() => second[0], 'the second writer');
        first[0]!.end(told('Another story altogether.'));
        let over = false;
        const ended = end(id).finally(() => {
          over = true;
        });
        await sleep(300);
        assert.equal(over, false);
        successor.end(told(`${PROMPT} an end.`));
        assert.deepEqual(await ended, { type: 'done', story: told(`${PROMPT} an end.`) });
      });

      it('takes back its own lost story, as after the sleep of a laptop, and ends it once', async () => {
        const tellings: Telling[] = [];
        await work(standIn(tellings), { locks: SHORT, concurrency: 4 });
        const id = await add();
        await until(() => tellings[0], 'the first telling');
        await taken[0]!.job.moveToWait(taken[0]!.token);
        await until(() => tellings[1], 'the second telling');
        await until(() => tellings[0]!.signal.aborted, 'the first telling to be abandoned');
        assert.match(String(tellings[0]!.signal.reason), /lock lost/);
        // Longer than a job lock lasts: the second attempt's lock is renewed although the first attempt has
        // ended.
        await sleep(2_500);
        assert.equal(tellings.length, 2, 'it is not lost again');
        assert.equal(tellings[1]!.signal.aborted, false);
        tellings[1]!.end(told(`${PROMPT} an end.`));
        assert.deepEqual(await end(id), { type: 'done', story: told(`${PROMPT} an end.`) });
      });

      it('a bot process ends a reply once that it lost and took back', async () => {
        const locks: { job: Job; token: string }[] = [];
        const watched: QueueConnection = {
          ...connection,
          worker: (queue, processor, options) =>
            connection.worker(
              queue,
              (job, token) => {
                locks.push({ job, token: token! });
                return processor(job, token);
              },
              { ...options, ...SHORT },
            ),
        };
        const replies = new Replies<null>(watched, 'lost', logger);
        const state: ReplyState = { status: 'finished', ...told(`${PROMPT} an end.`) };
        const tasks: { signal: AbortSignal; end: () => void }[] = [];
        try {
          await replies.ready();
          replies.work(
            ({ signal }) =>
              new Promise((resolve, reject) => {
                tasks.push({ signal, end: () => resolve(state) });
                signal.addEventListener('abort', () => reject(signal.reason));
              }),
            4,
          );
          const id = randomUUID();
          await replies.submit(id, request(), null);
          await until(() => tasks[0], 'the first task');
          await locks[0]!.job.moveToWait(locks[0]!.token);
          await until(() => tasks[1], 'the second task');
          await until(() => tasks[0]!.signal.aborted, 'the first task to be abandoned');
          await sleep(2_500);
          assert.equal(tasks.length, 2, 'it is not lost again');
          tasks[1]!.end();
          await until(async () => (await replies.read(id))?.state.status === 'finished', 'the end');
          assert.deepEqual((await replies.read(id))?.state, state);
        } finally {
          for (const { end } of tasks) end();
          await replies.close();
        }
      });
    });
  }
});
