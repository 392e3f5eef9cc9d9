/** The promises of the queue, on Redis and on the embedded default: the story contract, line by line. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it, mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { replyWithStory } from '../../src/bots/reply-loop.ts';
import { StoryError } from '../../src/errors.ts';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Replies } from '../../src/queue/replies.ts';
import { sweep } from '../../src/queue/retention.ts';
import { Stories, type StoryUpdate } from '../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState, StoryCredits, StoryRequest, StorytellerStatus } from '../../src/story/story.ts';
import { fakeStoryteller, gated } from '../fakes/fake-storyteller.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });

function request(seed: number, length = 800): StoryRequest {
  return { prompt: 'It all began with ', context: '', temperature: 0.4, length, seed, model: 'scifi' };
}

/** The footer of a reply that has ended. */
function creditsOf(state: ReplyState): StoryCredits | undefined {
  if (state.status !== 'finished') return undefined;
  const { modelVersion, engine, unreadable } = state;
  return { modelVersion, engine, unreadable };
}

for (const { name, skip, start } of BACKENDS) {
  describe(`the queue on ${name}`, { skip }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    const closers: (() => Promise<unknown>)[] = [];

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      await stories.ready();
    });

    after(async () => {
      for (const close of closers.reverse()) await close();
      await stories.close();
      await backend.stop();
    });

    async function worker(storyteller: Storyteller, concurrency = 16): Promise<StoryWorker> {
      const made = new StoryWorker({
        connection,
        stories,
        logger,
        storyteller: () => storyteller,
        concurrency,
      });
      await made.ready();
      return made;
    }

    function collect(id: string): { updates: StoryUpdate[]; last: Promise<StoryUpdate> } {
      const updates: StoryUpdate[] = [];
      const last = new Promise<StoryUpdate>((resolve) => {
        stories.follow(id, (update) => {
          updates.push(update);
          if (['done', 'failed', 'missing'].includes(update.type)) resolve(update);
        });
      });
      return { updates, last };
    }

    it('carries a story from the request to its end, with growing snapshots', async () => {
      const { storyteller } = fakeStoryteller();
      const working = await worker(storyteller);
      const id = randomUUID();
      await stories.add(id, request(1, 6_000));
      const { updates, last } = collect(id);
      const end = await last;
      assert.equal(end.type, 'done');
      const expected = await storyteller.tell(request(1, 6_000));
      assert.deepEqual(end.type === 'done' && end.story, expected);
      const texts = updates.flatMap((update) => (update.type === 'writing' ? [update.progress.text] : []));
      assert.ok(texts.length >= 1);
      for (const text of texts) assert.ok(expected.text.startsWith(text));
      await working.close();
    });

    it('adds a story once for repeated calls, and reports its end to a late follower', async () => {
      const { storyteller, engine } = fakeStoryteller();
      const working = await worker(storyteller);
      const id = randomUUID();
      await Promise.all([1, 2, 3].map(() => stories.add(id, request(2))));
      assert.equal((await collect(id).last).type, 'done');
      await stories.add(id, request(2));
      const decodes = engine.decodes.length;
      await sleep(100);
      assert.equal(engine.decodes.length, decodes, 'nothing is written again');
      assert.equal((await collect(id).last).type, 'done');
      await stories.remove(id);
      assert.equal((await collect(id).last).type, 'missing');
      await working.close();
    });

    it('reports a missing story, and reports it again once it exists', async () => {
      const { storyteller } = fakeStoryteller();
      const id = randomUUID();
      const updates: StoryUpdate[] = [];
      // Silent streams are read after a delay that is short enough for a test.
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        const unfollow = stories.follow(id, (update) => updates.push(update), true);
        mock.timers.tick(3_000);
        await until(() => updates.at(-1)?.type === 'missing', 'it to be missed');
        const working = await worker(storyteller);
        await stories.add(id, request(7));
        await until(() => updates.at(-1)?.type === 'done', 'the story');
        await working.close();
        unfollow();
      } finally {
        mock.timers.reset();
      }
    });

    it('reports to every follower their position in the queue', async () => {
      const ids = Array.from({ length: 4 }, () => randomUUID());
      for (const id of ids) await stories.add(id, request(3));
      await sleep(800);
      assert.deepEqual(await Promise.all(ids.map((id) => stories.position(id))), [1, 2, 3, 4]);
      assert.deepEqual(await stories.load(), { first: 4, waiting: 4, running: 0 });
      for (const id of ids) await stories.remove(id);
      await sleep(800);
      assert.equal(await stories.position(ids[0]!), null);
    });

    it('stops a running story, and a waiting one', async () => {
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const { storyteller } = fakeStoryteller();
      const running = randomUUID();
      const working = await worker(
        gated(storyteller, () => gate),
        1,
      );
      await stories.add(running, request(4, 6_000));
      await until(async () => (await stories.position(running)) === null, 'the story to be taken');
      const waiting = randomUUID();
      await stories.add(waiting, request(5, 6_000));
      await stories.stop(waiting);
      await stories.stop(running);
      await sleep(100);
      open();
      for (const id of [running, waiting]) {
        const end = await collect(id).last;
        assert.equal(end.type === 'done' && end.story.ending, 'stopped');
      }
      await working.close();
    });

    it('hands stories over when a worker closes, and another ends them', async () => {
      const { storyteller } = fakeStoryteller({ capacity: 1 });
      const first = await worker(storyteller, 4);
      const ids = [randomUUID(), randomUUID(), randomUUID()];
      for (const [seed, id] of ids.entries()) await stories.add(id, request(10 + seed, 6_000));
      await sleep(60);
      await first.close();
      const second = await worker(fakeStoryteller().storyteller);
      for (const [seed, id] of ids.entries()) {
        const end = await collect(id).last;
        const expected = await fakeStoryteller().storyteller.tell(request(10 + seed, 6_000));
        assert.equal(end.type === 'done' && end.story.text, expected.text);
      }
      await second.close();
    });

    it('reports a failure, and retries a transient one', async () => {
      let calls = 0;
      const { storyteller } = fakeStoryteller();
      const failing = gated(storyteller, async () => {
        calls++;
        if (calls === 1) throw new Error('the device was lost: secret detail');
      });
      const working = await worker(failing);
      const id = randomUUID();
      await stories.add(id, request(6));
      assert.equal((await collect(id).last).type, 'done');
      assert.equal(calls, 2);
      await working.close();

      const refusing = await worker(
        gated(storyteller, () => Promise.reject(new StoryError('model_unavailable', 'No such model here.'))),
      );
      const refused = randomUUID();
      await stories.add(refused, request(6));
      assert.deepEqual(await collect(refused).last, {
        type: 'failed',
        code: 'model_unavailable',
        message: 'No such model here.',
      });
      await refusing.close();

      const broken = await worker(gated(storyteller, () => Promise.reject(new Error('secret detail'))));
      const lost = randomUUID();
      await stories.add(lost, request(6));
      const end = await collect(lost).last;
      assert.equal(end.type === 'failed' && end.code, 'internal');
      assert.doesNotMatch(JSON.stringify(end), /secret/);
      await broken.close();
    });

    it('reports how ready the storytellers are', async () => {
      assert.equal(stories.status().phase, 'none');
      const taken: StorytellerStatus[] = [];
      const status: StorytellerStatus = { phase: 'loading', loaded: 0.5 };
      const stop = keepAnnouncing(
        stories,
        () => status,
        (announced) => taken.push(announced),
      );
      await until(() => stories.status().phase === 'loading', 'the announcement');
      assert.deepEqual(stories.status(), status);
      await until(() => taken.length > 0, 'the queue to have taken it');
      assert.deepEqual(taken[0], status);
      stop();
      // A snapshot that the queue refuses has not been announced.
      const away = { announce: () => Promise.reject(new Error('away')) } as unknown as Stories;
      const refused = keepAnnouncing(
        away,
        () => status,
        () => assert.fail('no worker has received it'),
      );
      await sleep(50);
      refused();
    });

    describe('replies', () => {
      let replies: Replies<{ channel: string }>;
      let pace = 0;

      before(async () => {
        const working = await worker(fakeStoryteller().storyteller);
        closers.push(() => working.close());
        replies = new Replies(connection, 'test', logger);
        closers.push(() => replies.close());
        await replies.ready();
        replies.work(
          (task) =>
            replyWithStory(task, `test-${task.id}`, {
              stories,
              pace,
              clock: () => performance.now(),
            }),
          100,
        );
      });

      async function final(id: string): Promise<{ last: ReplyState; states: ReplyState[] }> {
        const states: ReplyState[] = [];
        const last = await new Promise<ReplyState>((resolve, reject) => {
          replies
            .follow(id, (state) => {
              states.push(state);
              if (state.status === 'finished' || state.status === 'failed') resolve(state);
            })
            .then((unfollow) => unfollow ?? reject(new Error('unknown')), reject);
        });
        return { last, states };
      }

      it('grow, end once with the whole story, and forget the story', async () => {
        const id = randomUUID();
        await Promise.all([1, 2].map(() => replies.submit(id, request(20, 3_000), { channel: 'c' })));
        const { last, states } = await final(id);
        const expected = await fakeStoryteller().storyteller.tell(request(20, 3_000));
        assert.deepEqual(last, { status: 'finished', ...expected });
        let shown = '';
        for (const state of states) {
          if (state.status === 'waiting') continue;
          assert.ok(state.text.startsWith(shown));
          shown = state.text;
        }
        assert.equal(states.filter(({ status }) => status === 'finished').length, 1);
        await until(
          async () => (await collect(`test-${id}`).last).type === 'missing',
          'the story to be removed',
        );
        assert.deepEqual(await replies.read(id), { request: request(20, 3_000), state: last });
      });

      it('keep the shown text when they are stopped', async () => {
        pace = 200;
        const id = randomUUID();
        const foreign = { ...request(21, 6_000), prompt: '星の間で始まった。 It began ' };
        await replies.submit(id, foreign, { channel: 'c' });
        const seen = await until(async () => {
          const state = (await replies.read(id))?.state;
          return state?.status === 'writing' && state.text.length > 150 ? state.text : undefined;
        }, 'some text');
        assert.equal(await replies.stop(id), true);
        assert.equal(await replies.stop(id), true);
        const { last } = await final(id);
        assert.equal(last.status === 'finished' && last.ending, 'stopped');
        const text = last.status === 'finished' ? last.text : '';
        assert.ok(text.startsWith(seen) && text.length < 1_000, `${text.length} characters`);
        const { modelVersion, engine, unreadable } = await fakeStoryteller().storyteller.tell(foreign);
        assert.deepEqual(creditsOf(last), { modelVersion, engine, unreadable });
        assert.ok(unreadable > 0, 'the footer says so for a stopped story, too');
        assert.equal(await replies.stop(id), true, 'stopping what has ended is no error');
        pace = 0;
      });

      it('tell a successor that it is one, and do not wait for a story that has ended', async () => {
        const others = new Replies<null>(connection, 'successors', logger);
        const first: boolean[] = [];
        let takenAt = 0;
        try {
          await others.ready();
          others.work(async (task) => {
            first.push(task.isFirst);
            assert.equal(task.record, undefined);
            takenAt = performance.now();
            const storyId = `successors-${task.id}`;
            if (!task.isFirst) {
              return replyWithStory(task, storyId, { stories, pace: 0, clock: () => performance.now() });
            }
            await stories.add(storyId, task.request);
            await collect(storyId).last;
            throw new Error('gone before it wrote anything down');
          }, 4);
          const id = randomUUID();
          await others.submit(id, request(22), null);
          const known = await until(async () => {
            const now = (await others.read(id))?.state;
            return now?.status === 'finished' && now;
          }, 'the successor');
          assert.ok(performance.now() - takenAt < 3_000, 'it did not wait for news');
          const expected = await fakeStoryteller().storyteller.tell(request(22));
          assert.deepEqual(known, { status: 'finished', ...expected });
          assert.deepEqual(first, [true, false]);
        } finally {
          await others.close();
        }
      });

      it('are unknown when no requester asked for them', async () => {
        assert.equal(await replies.read('unknown'), undefined);
        assert.equal(await replies.follow('unknown', () => {}), undefined);
        assert.equal(await replies.stop('unknown'), false);
      });

      it('serve many requesters, each with their own story', async () => {
        const seeds = Array.from({ length: 40 }, (_, index) => 100 + index);
        const started = performance.now();
        const ends = await Promise.all(
          seeds.map(async (seed) => {
            const id = randomUUID();
            await replies.submit(id, request(seed, 600), { channel: 'c' });
            return (await final(id)).last;
          }),
        );
        for (const [index, seed] of seeds.entries()) {
          const expected = await fakeStoryteller().storyteller.tell(request(seed, 600));
          assert.deepEqual(ends[index], { status: 'finished', ...expected });
        }
        assert.ok(performance.now() - started < 30_000, 'no follower waited for a lost event');
      });

      it('leave nothing behind when they expire', async () => {
        const id = randomUUID();
        await replies.submit(id, request(30), { channel: 'c' });
        await final(id);
        await until(
          async () => (await collect(`test-${id}`).last).type === 'missing',
          'the story to be removed',
        );
        await sleep(50);
        await sweep({ connection, stories, queues: [replies], retentionMs: 20, logger });
        assert.equal(await replies.read(id), undefined);
      });
    });
  });
}
