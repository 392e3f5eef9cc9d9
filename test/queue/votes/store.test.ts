/** The store of votes, on Redis and embedded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { VoteStore } from '../../../src/queue/votes/store.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';

const FAR = 1e15;

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`the store of votes, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let store: VoteStore;

    before(async () => {
      backend = await start();
      store = await (await backend.connect()).votes();
    });
    after(() => backend.stop());

    async function opened(endsAt: number | undefined): Promise<string> {
      const id = randomUUID();
      assert.equal(await store.add(id, { text: 'begun' }), true);
      assert.equal(await store.replace(id, 1, { text: 'open' }, { round: 1, endsAt }), true);
      return id;
    }

    it('adds a vote once', async () => {
      const id = randomUUID();
      const added = await Promise.all([1, 2, 3].map((record) => store.add(id, { record })));
      assert.equal(added.filter(Boolean).length, 1);
      assert.equal((await store.read(id))?.version, 1);
      assert.equal(await store.read('unknown'), undefined);
    });

    it('replaces a record in one process of several', async () => {
      const id = await opened(undefined);
      const replaced = await Promise.all(
        [1, 2, 3, 4].map((by) => store.replace(id, 2, { by }, { round: 1, endsAt: FAR })),
      );
      assert.equal(replaced.filter(Boolean).length, 1);
      const read = await store.read<{ by: number }>(id);
      assert.deepEqual([read?.version, read?.record.by], [3, replaced.indexOf(true) + 1]);
    });

    it('counts one ballot of each voter, the newest, at the same time', async () => {
      const id = await opened(FAR);
      const voters = Array.from({ length: 50 }, (_, index) => `voter ${index}`);
      const cast = voters.flatMap((voter, index) => [
        store.cast(id, { round: 1, voter, choice: 0, at: 1 }),
        store.cast(id, { round: 1, voter, choice: index % 3, at: 1 }),
      ]);
      assert.ok((await Promise.all(cast)).every(Boolean));
      const again = await Promise.all(
        voters.map((voter, index) => store.cast(id, { round: 1, voter, choice: index % 3, at: 1 })),
      );
      assert.ok(again.every(Boolean));
      const { ballots } = (await store.read(id))!;
      const counts = [0, 1, 2].map((choice) => ballots.filter((one) => one === choice).length);
      assert.deepEqual(counts, [17, 17, 16]);
      await store.withdraw(id, 'voter 0');
      assert.equal((await store.read(id))?.ballots.length, 49);
    });

    it('keeps the ballot that was made last, whichever arrives last', async () => {
      const id = await opened(FAR);
      for (const [choice, at] of [
        [1, 1_700_000_000_002],
        [0, 1_700_000_000_001],
      ] as const) {
        assert.equal(await store.cast(id, { round: 1, voter: 'ann', choice, at }), true);
        assert.deepEqual((await store.read(id))?.ballots, [1]);
      }
      assert.equal(await store.cast(id, { round: 1, voter: 'ann', choice: 2, at: 1_700_000_000_002 }), true);
      assert.deepEqual(
        (await store.read(id))?.ballots,
        [2],
        'of two at the same time the one that arrives last',
      );
    });

    it('refuses a ballot of another round, of a round that has ended, and of an unknown vote', async () => {
      const id = await opened(FAR);
      assert.equal(await store.cast(id, { round: 2, voter: 'ann', choice: 0, at: 1 }), false);
      assert.equal(await store.cast('unknown', { round: 1, voter: 'ann', choice: 0, at: 1 }), false);
      assert.equal(await store.cast(id, { round: 1, voter: 'ann', choice: 0, at: 1 }), true);
      const { now } = (await store.read(id))!;
      assert.equal(await store.replace(id, 2, {}, { round: 1, endsAt: now }), true);
      assert.equal(await store.cast(id, { round: 1, voter: 'bob', choice: 0, at: 1 }), false);
      assert.deepEqual(
        (await store.read(id))?.ballots,
        [0],
        'the ballots of the round are kept until it is counted',
      );
      assert.equal(await store.replace(id, 3, {}, { round: 0, endsAt: undefined }), true);
      assert.deepEqual((await store.read(id))?.ballots, []);
      assert.equal(await store.cast(id, { round: 1, voter: 'bob', choice: 0, at: 1 }), false);
    });

    it('lists votes by their last change, and removes them', async () => {
      const id = await opened(FAR);
      assert.ok((await store.list(FAR)).includes(id));
      assert.ok(!(await store.list(Date.now() - 60_000)).includes(id));
      await store.cast(id, { round: 1, voter: 'ann', choice: 0, at: 1 });
      await store.remove(id);
      assert.equal(await store.read(id), undefined);
      assert.ok(!(await store.list(FAR)).includes(id));
      assert.equal(await store.add(id, {}), true);
      assert.deepEqual((await store.read(id))?.ballots, []);
    });
  });
}
