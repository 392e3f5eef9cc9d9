/** The store of shelves, on Redis and embedded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ShelfStore } from '../../../src/queue/shelf/store.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`the store of shelves, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let store: ShelfStore;

    before(async () => {
      backend = await start();
      store = await (await backend.connect()).shelf();
    });
    after(() => backend.stop());

    it('adds a record once, and lists the oldest first', async () => {
      const shelf = randomUUID();
      const added = await Promise.all([1, 2, 3].map((by) => store.add(shelf, 'a', 20, { by }, 10)));
      assert.equal(added.filter(Boolean).length, 1);
      assert.equal(await store.add(shelf, 'b', 10, { by: 'line\nbreak 1 2 ünï' }, 10), true);
      const all = await store.list<{ by: unknown }>(shelf);
      assert.deepEqual(
        all.map(({ id, version, record }) => [id, version, record.by]),
        [
          ['b', 1, 'line\nbreak 1 2 ünï'],
          ['a', 1, added.indexOf(true) + 1],
        ],
      );
      assert.equal(await store.read(shelf, 'c'), undefined);
      assert.deepEqual(await store.list('unknown'), []);
    });

    it('removes the oldest records where a shelf is full', async () => {
      const shelf = randomUUID();
      for (const at of [30, 10, 20, 40]) await store.add(shelf, `at ${at}`, at, {}, 2);
      const ids = (await store.list(shelf)).map(({ id }) => id);
      assert.deepEqual(ids, ['at 30', 'at 40']);
    });

    it('replaces a record in one process of several, and keeps its time', async () => {
      const shelf = randomUUID();
      await store.add(shelf, 'a', 10, { by: 0 }, 10);
      const replaced = await Promise.all([1, 2, 3, 4].map((by) => store.replace(shelf, 'a', 1, { by })));
      assert.equal(replaced.filter(Boolean).length, 1);
      const read = await store.read<{ by: number }>(shelf, 'a');
      assert.deepEqual([read?.version, read?.record.by], [2, replaced.indexOf(true) + 1]);
      assert.equal(await store.replace(shelf, 'unknown', 1, {}), false);
      await store.removeOld(shelf, 10);
      assert.equal((await store.list(shelf)).length, 1);
      await store.removeOld(shelf, 11);
      assert.equal((await store.list(shelf)).length, 0);
    });

    it('names the shelves that have records', async () => {
      const [one, other] = [randomUUID(), randomUUID()];
      await store.add(one, 'a', 10, {}, 10);
      await store.add(other, 'a', 10, {}, 10);
      assert.equal(await store.remove(one, 'a'), true);
      assert.equal(await store.remove(one, 'a'), false);
      await store.removeOld(other, 1);
      const named = await store.shelves();
      assert.deepEqual([named.includes(one), named.includes(other)], [false, true]);
      await store.removeOld(other, 11);
      assert.ok(!(await store.shelves()).includes(other));
    });
  });
}
