/** Works and the users who want to be named with them, on Redis and embedded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Shelf, WORKS_MAX } from '../../../src/queue/shelf/shelf.ts';
import type { Work } from '../../../src/story/shelf.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';

const NOW = Date.UTC(2026, 10, 27);
const DAY_MS = 24 * 3_600_000;

function work(id: string, more: Partial<Work<string>> = {}): Work<string> {
  return {
    id,
    kind: 'relay',
    channelId: 'c1',
    hostId: 'ann',
    address: 'c1',
    messages: ['m'],
    request: { model: 'scifi', temperature: 0.4, seed: 7 },
    segments: [],
    forks: [],
    titles: [],
    finishedAt: NOW,
    credits: {},
    ...more,
  };
}

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`the shelf, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let runs = 0;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
    });
    after(() => backend.stop());

    function opened(): { shelf: Shelf<string>; another: Shelf<string>; ids: () => Promise<string[]> } {
      runs += 1;
      const shelf = new Shelf<string>(connection, `test${runs}`, () => NOW);
      const another = new Shelf<string>(connection, `test${runs}`, () => NOW);
      return { shelf, another, ids: async () => (await another.works('c1')).map(({ id }) => id) };
    }

    it('adds a work once, changes it in any process, and removes it', async () => {
      const { shelf, another, ids } = opened();
      const added = await Promise.all([shelf, another, shelf].map((one) => one.finishWork(work('a'))));
      assert.equal(added.filter(Boolean).length, 1);
      const count = (one: Work<string>) => (one.reactions?.count ?? 0) + 1;
      const change = (by: Shelf<string>) =>
        by.changeWork('c1', 'a', (one) => ({ ...one, reactions: { count: count(one), at: 0 } }));
      await Promise.all(Array.from({ length: 10 }, (_, index) => change(index % 2 ? shelf : another)));
      assert.equal((await shelf.works('c1'))[0]?.reactions?.count, 10);
      assert.equal(await shelf.changeWork('c1', 'b', (one) => one), undefined);
      assert.equal(await shelf.removeWork('c1', 'a'), true);
      assert.deepEqual(await ids(), []);
    });

    it('keeps the newest works of a channel, and no old ones', async () => {
      const { shelf, ids } = opened();
      for (let index = 0; index < WORKS_MAX + 2; index++) {
        await shelf.finishWork(work(`w${index}`, { finishedAt: NOW - DAY_MS + index }));
      }
      assert.deepEqual([(await ids()).length, (await ids())[0]], [WORKS_MAX, 'w2']);
      await shelf.finishWork(work('other', { channelId: 'c2', finishedAt: NOW - 3 * DAY_MS }));
      await shelf.removeOlderThan(2 * DAY_MS);
      assert.deepEqual(await shelf.works('c2'), []);
      assert.equal((await ids()).length, WORKS_MAX);
    });

    it('names a user only while the user wants that', async () => {
      const { shelf, another } = opened();
      const ann = { userId: 'ann', person: 'test:ann' };
      await Promise.all([shelf.join('c1', ann), another.join('c1', ann)]);
      assert.deepEqual(await another.named('c1'), [ann]);
      assert.deepEqual(await another.named('c2'), []);
      await shelf.finishWork(work('a', { credits: { 'test:ann': 2, 'test:bob': 1 }, hostId: 'bob' }));
      await another.leave('c1', 'test:ann');
      assert.deepEqual(await shelf.named('c1'), []);
      assert.deepEqual((await shelf.works('c1'))[0]?.credits, { 'test:bob': 1 });
    });

    it('forgets a user, a channel and a community', async () => {
      const { shelf, ids } = opened();
      const ann = { userId: 'ann', person: 'test:ann' };
      await shelf.join('c2', ann);
      await shelf.finishWork(work('hosted'));
      await shelf.finishWork(work('other', { hostId: 'bob', credits: { 'test:ann': 1 } }));
      await shelf.forget({ person: 'test:ann', isHost: ({ hostId }) => hostId === 'ann' });
      assert.deepEqual(await ids(), ['other']);
      assert.deepEqual([(await shelf.works('c1'))[0]?.credits, await shelf.named('c2')], [{}, []]);
      await shelf.finishWork(work('here', { channelId: 'c2', community: 'test:guild' }));
      await shelf.join('c2', ann);
      await shelf.beginDigest('c2', 7);
      await shelf.forgetCommunity('test:guild');
      assert.deepEqual([await shelf.works('c2'), await shelf.named('c2')], [[], []]);
      assert.equal(await shelf.digestOf('c2', 7), undefined);
      await shelf.join('c3', { ...ann, community: 'test:guild' });
      await shelf.forgetCommunity('test:guild');
      assert.deepEqual(await shelf.named('c3'), [], 'also where nothing is written yet');
      assert.deepEqual(await ids(), ['other']);
      await shelf.forgetChannel('c1');
      assert.deepEqual(await ids(), []);
    });

    it('knows for every process which digests are begun and over', async () => {
      const { shelf, another } = opened();
      assert.equal(await shelf.digestOf('c1', 7), undefined);
      assert.deepEqual([await shelf.beginDigest('c1', 7), await another.beginDigest('c1', 7)], [NOW, NOW]);
      assert.deepEqual(await another.digestOf('c1', 7), { begunAt: NOW, isOver: false });
      await shelf.endDigest('c1', 7);
      assert.deepEqual(await another.digestOf('c1', 7), { begunAt: NOW, isOver: true });
      await shelf.endDigest('c1', 8);
      assert.deepEqual(await another.digestOf('c1', 8), { begunAt: NOW, isOver: true });
    });
  });
}
