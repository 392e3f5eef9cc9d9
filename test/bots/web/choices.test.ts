/** The page's route for replies of which the user chooses one, and what they count for requesters. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it, test } from 'node:test';
import { pino } from 'pino';
import { type WebReplies, webReplies, workWebReplies } from '../../../src/bots/web/replies.ts';
import { openLimits } from '../../../src/queue/admission/open-limits.ts';
import { Feedback } from '../../../src/queue/feedback.ts';
import { Removals } from '../../../src/queue/removals.ts';
import { Replies } from '../../../src/queue/replies.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { StoryWorker } from '../../../src/queue/story-worker.ts';
import { alternatives, firstSentences } from '../../../src/story/continuations.ts';
import type { StoryRequest } from '../../../src/story/story.ts';
import { fakeStoryteller } from '../../fakes/fake-storyteller.ts';
import { BACKENDS, type Backend } from '../../helpers/backends.ts';
import { NO_LIMITS } from '../../helpers/limits.ts';
import { until } from '../../helpers/programs.ts';
import { errorOf, post, startServer } from './helpers.ts';

const newIds = () => [randomUUID(), randomUUID(), randomUUID()];

test('the route starts three replies under seeds that follow one another, once', async (t) => {
  const server = await startServer(t);
  const ids = newIds();
  for (let attempt = 0; attempt < 2; attempt++) {
    const response = await post(`${server.url}/api/choices`, { ids, prompt: 'It all', seed: 9 });
    assert.equal(response.status, 202);
    const { requests } = (await response.json()) as { requests: StoryRequest[] };
    assert.deepEqual(
      requests.map(({ seed, brief, prompt }) => [seed, brief, prompt]),
      [9, 10, 11].map((seed) => [seed, true, 'It all']),
    );
  }
  assert.deepEqual([...server.replies.held.keys()], ids);
});

test('the route refuses other numbers of ids with a sentence', async (t) => {
  const server = await startServer(t);
  const [id, other] = newIds();
  for (const ids of [undefined, [], [id], [id, id, other], [id, other, 'x'], [...newIds(), id]]) {
    const response = await post(`${server.url}/api/choices`, { ids, prompt: 'It all' });
    assert.equal(response.status, 400);
    assert.match((await errorOf(response)).message, /3 ids/);
  }
  assert.equal(server.replies.submitted.length, 0);
});

test('the routes that submit stories have one limit a minute', async (t) => {
  const server = await startServer(t, { limits: { stories: 2 } });
  const choose = () => post(`${server.url}/api/choices`, { ids: newIds(), prompt: 'It all' });
  assert.equal((await choose()).status, 202);
  assert.equal((await post(`${server.url}/api/replies`, { id: randomUUID(), prompt: 'It' })).status, 202);
  assert.equal((await choose()).status, 429);
});

for (const { name, skip, start } of BACKENDS) {
  describe(`replies of which the user chooses one, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let web: WebReplies;
    let replies: Replies<null>;
    const closers: (() => Promise<unknown>)[] = [];
    const request: StoryRequest = {
      ...{ prompt: 'It all began with', context: '', preset: 'lively', temperature: 0.4 },
      ...{ length: 1_200, seed: 5, model: 'scifi', brief: true },
    };

    before(async () => {
      backend = await start();
      const connection = await backend.connect();
      const logger = pino({ level: 'silent' });
      const stories = new Stories(connection);
      await stories.ready();
      const person = { running: 1, waiting: 0, hourly: 2 };
      const { limits, close } = await openLimits(connection, stories, { ...NO_LIMITS, person });
      const feedback = await Feedback.open(connection, 60_000);
      replies = new Replies<null>(connection, 'web', logger, limits);
      const removals = new Removals<null>(connection, replies, stories, logger);
      await Promise.all([replies.ready(), removals.ready()]);
      workWebReplies(replies, stories, { pace: 1, concurrency: 10 });
      removals.work(async () => {});
      const { storyteller } = fakeStoryteller();
      const worker = new StoryWorker({
        ...{ connection, stories, logger, concurrency: 10 },
        storyteller: () => storyteller,
      });
      await worker.ready();
      web = webReplies(replies, removals, stories, limits, feedback);
      for (const one of [removals, worker, replies, stories]) closers.push(() => one.close());
      closers.push(close);
    });
    after(async () => {
      for (const close of closers) await close();
      await backend.stop();
    });

    const offered = (ids: readonly string[]) => {
      const requests = alternatives(request);
      return ids.map((id, index) => ({ id, request: requests[index]! }));
    };

    it('count as one story, also when they are requested again, and are cut at the end of a sentence', async () => {
      const requester = { person: `test:${randomUUID()}` };
      const seen: string[][] = [];
      for (let step = 0; step < 2; step++) {
        const ids = newIds();
        await web.offer(offered(ids), requester);
        await web.offer(offered(ids), requester);
        const texts: string[] = [];
        for (const id of ids) {
          const ended = await until(async () => {
            const known = await web.read(id);
            return known?.state.status === 'finished' ? known : undefined;
          }, 'the end of a reply');
          const { text } = ended.state as { text: string };
          assert.ok(text.startsWith(request.prompt));
          const written = text.slice(request.prompt.length);
          assert.equal(written.trimStart(), firstSentences(written));
          assert.equal(ended.request.length, 1_200, 'the length of what may follow');
          texts.push(text);
        }
        assert.equal(new Set(texts).size, 3);
        seen.push(texts);
      }
      assert.deepEqual(seen[0], seen[1], 'the same seeds give the same texts');
      await assert.rejects(web.offer(offered(newIds()), requester), { code: 'rate_limited' });
    });

    it('are added by a repeated request when a process was lost between them', async () => {
      const ids = newIds();
      const requester = { person: `test:${randomUUID()}` };
      await replies.submit(ids[1]!, request, null);
      await web.offer(offered(ids), requester);
      for (const id of ids) assert.ok(await web.read(id));
    });

    it('are not added to one that was counted before', async () => {
      const requester = { person: `test:${randomUUID()}` };
      const [first, ...more] = newIds();
      await web.offer(offered([first!, ...newIds().slice(1)]), requester);
      await web.offer(offered([first!, ...more]), requester);
      for (const id of more) assert.equal(await web.read(id), undefined);
    });
  });
}
