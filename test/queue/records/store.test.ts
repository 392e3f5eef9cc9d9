/** The store of records, on Redis and embedded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Records } from '../../../src/queue/records/records.ts';
import type { RecordStore } from '../../../src/queue/records/store.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`the store of records, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let store: RecordStore;
    let others: RecordStore;

    before(async () => {
      backend = await start();
      const connection = await backend.connect();
      store = await connection.records('tests');
      others = await connection.records('others');
    });
    after(() => backend.stop());

    it('adds a record once, of each kind', async () => {
      const added = await Promise.all([1, 2, 3].map((by) => store.add('a', { by })));
      assert.equal(added.filter(Boolean).length, 1);
      assert.deepEqual(await store.read('a'), { version: 1, record: { by: added.indexOf(true) + 1 } });
      assert.equal(await others.read('a'), undefined);
      assert.equal(await others.add('a', {}), true);
    });

    it('replaces a record in one process of several', async () => {
      await store.add('b', { by: 0 });
      const replaced = await Promise.all([1, 2, 3].map((by) => store.replace('b', 1, { by })));
      assert.equal(replaced.filter(Boolean).length, 1);
      assert.deepEqual(await store.read('b'), { version: 2, record: { by: replaced.indexOf(true) + 1 } });
      assert.equal(await store.replace('b', 1, { by: 9 }), false);
      assert.equal(await store.replace('unknown', 1, { by: 9 }), false);
    });

    it('changes a record once for each change, although all take place at once', async () => {
      const records = new Records<{ readonly count: number }>(store, 'platform');
      await records.add('c', { count: 0 });
      const change = () => records.update('c', ({ count }) => ({ count: count + 1 }));
      await Promise.all(Array.from({ length: 20 }, change));
      assert.deepEqual(await records.read('c'), { count: 20 });
      assert.equal(await records.update('unknown', (record) => record), undefined);
      assert.deepEqual(await records.list(Number.MAX_SAFE_INTEGER), ['c']);
      assert.deepEqual(await new Records(store, 'plat').list(Number.MAX_SAFE_INTEGER), []);
    });

    it('lists the records that have not changed lately, and removes one', async () => {
      await store.add('d', {});
      assert.ok(!(await store.list(0)).includes('d'));
      assert.ok((await store.list(Number.MAX_SAFE_INTEGER)).includes('d'));
      await store.remove('d');
      assert.equal(await store.read('d'), undefined);
      assert.ok(!(await store.list(Number.MAX_SAFE_INTEGER)).includes('d'));
    });
  });
}
