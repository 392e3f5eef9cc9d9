/** A forgotten user's id is nowhere in the store, and no other user's stories are affected. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { replyWithStory } from '../../src/bots/reply-loop.ts';
import { Replies } from '../../src/queue/replies.ts';
import type { ReplyTask } from '../../src/queue/reply-worker.ts';
import { Forgetting } from '../../src/queue/retention.ts';
import { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import { fakeStoryteller } from '../fakes/fake-storyteller.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

interface Handle {
  readonly userId: string;
}

const logger = pino({ level: 'silent' });
const ALICE = 'alice-4711';
const BOB = 'bob-4712';
const alice = {
  isTheirs: ({ userId }: Handle) => userId === ALICE,
  anonymous: (handle: Handle): Handle => ({ ...handle, userId: 'deleted' }),
};

for (const { name, skip, start } of BACKENDS) {
  describe(`forgetting on ${name}`, { skip }, () => {
    it('leaves no key and no value with the id of a forgotten user', async () => {
      const backend = await start();
      const connection = await backend.connect();
      const stories = new Stories(connection);
      const replies = new Replies<Handle>(connection, 'test', logger);
      const forgetting = new Forgetting(connection, replies, stories);
      await Promise.all([stories.ready(), replies.ready()]);
      const { storyteller } = fakeStoryteller({ capacity: 16 });
      const worker = new StoryWorker({
        connection,
        stories,
        logger,
        storyteller: () => storyteller,
        concurrency: 16,
      });
      await worker.ready();
      const handles: string[] = [];
      const process = (task: ReplyTask<Handle>) => {
        handles.push(task.handle.userId);
        // The running story is revealed so slowly that it runs until it is stopped.
        const pace = task.id === 'a-grows' ? 20 : 0;
        return replyWithStory(task, `test-${task.id}`, { stories, pace, clock: () => performance.now() });
      };
      try {
        const submit = (id: string, userId: string) =>
          replies.submit(
            id,
            { prompt: `${id} began `, context: '', temperature: 0.4, length: 600, seed: 1, model: 'scifi' },
            { userId },
          );
        replies.work(process, 2);
        const ended = async (id: string) => {
          const known = await replies.read(id);
          return known?.state.status === 'finished' && known.state;
        };
        await submit('a-ended', ALICE);
        await submit('b-ended', BOB);
        await until(async () => (await ended('a-ended')) && (await ended('b-ended')), 'two stories');
        await submit('a-grows', ALICE);
        await until(
          async () => (await replies.read('a-grows'))?.state.status === 'writing',
          'a story to grow',
        );
        const endings: string[] = [];
        await replies.follow('a-grows', (state) => {
          if (state.status === 'finished') endings.push(state.ending);
        });
        await forgetting.forget(alice);
        for (const id of ['a-ended', 'a-grows'])
          await until(async () => (await replies.read(id)) === undefined, `${id} to go`);
        assert.deepEqual(endings, ['stopped']);
        assert.ok(await ended('b-ended'), 'what others have is left alone');

        // No worker takes the waiting story, and it is forgotten all the same.
        await worker.close();
        await replies.close();
        const others = new Replies<Handle>(connection, 'test', logger);
        const later = new Forgetting(connection, others, stories);
        const request = { prompt: 'Late ', context: '', temperature: 1, length: 60, seed: 1, model: 'scifi' };
        for (let i = 0; i < 3; i++) await others.submit(`a-waits-${i}`, request, { userId: ALICE });
        await others.submit('b-waits', request, { userId: BOB });
        await later.forget(alice);
        await Promise.all([others.close(), later.close(), forgetting.close(), stories.close()]);
        const all = await backend.dump();
        assert.ok(all.includes(BOB), 'the whole store is looked through');
        assert.ok(!all.includes(ALICE), all.slice(all.indexOf(ALICE) - 200, all.indexOf(ALICE) + 50));
        assert.deepEqual(new Set(handles), new Set([ALICE, BOB]));
      } finally {
        await worker.close();
        await storyteller.close();
        await backend.stop();
      }
    });
  });
}
