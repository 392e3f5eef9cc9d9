import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BRIEFS_KEPT, type PageStorage, REPLIES_KEPT, ReplyStore } from '../../src/page/store.ts';
import { finished, reply } from './replies.ts';

/** A browser's storage in memory. */
function fakeCupboard(): PageStorage & { items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

const ids = (store: ReplyStore) => store.all().map(({ id }) => id);

test('replies are restored, the oldest first, and only the latest', () => {
  const cupboard = fakeCupboard();
  const store = new ReplyStore(cupboard);
  for (let n = 0; n < REPLIES_KEPT + 5; n++) store.add(reply(finished('x'), {}, `${n}`));
  const again = new ReplyStore(cupboard);
  assert.equal(again.all().length, REPLIES_KEPT);
  assert.deepEqual([ids(again)[0], ids(again).at(-1)], ['5', `${REPLIES_KEPT + 4}`]);
  assert.deepEqual(again.all().at(-1), reply(finished('x'), {}, `${REPLIES_KEPT + 4}`));
});

test('the steps of a chosen story push no other story out', () => {
  const store = new ReplyStore(fakeCupboard());
  store.add(reply(finished('x'), {}, 'other'));
  for (let n = 0; n < BRIEFS_KEPT + 3; n += 3) {
    const step = [n, n + 1, n + 2].map((id) => ({
      ...reply(finished('x'), { brief: true }, `${id}`),
      after: 'other',
      way: 'aside' as const,
    }));
    store.add(...step);
  }
  assert.equal(store.all().length, BRIEFS_KEPT + 1);
  assert.deepEqual(ids(store).slice(0, 2), ['other', '3']);
  assert.equal(store.all().at(-1)!.way, 'aside');
});

test('two tabs keep each other’s replies, and cleared replies stay removed', () => {
  const cupboard = fakeCupboard();
  const [one, two] = [new ReplyStore(cupboard), new ReplyStore(cupboard)];
  one.add(reply({ status: 'waiting', position: null }, {}, 'a'));
  two.add(reply({ status: 'waiting', position: null }, {}, 'b'));
  one.update([reply(finished('done'), {}, 'a')]);
  assert.deepEqual(ids(two), ['a', 'b']);
  assert.equal(two.all()[0]?.state.status, 'finished');
  two.clear();
  one.update([reply(finished('late'), {}, 'a')]);
  assert.deepEqual(ids(one), []);
  assert.equal(cupboard.items.size, 0);
  one.add(reply(finished('x'), {}, 'c'));
  one.remove('c');
  assert.deepEqual(ids(one), []);
});

test('unreadable entries are skipped', () => {
  const cupboard = fakeCupboard();
  const store = new ReplyStore(cupboard);
  store.add(reply(finished('x')));
  const [key, good] = [...cupboard.items][0]!;
  const [entry] = JSON.parse(good);
  const bad = [
    null,
    7,
    [],
    {},
    { ...entry, ask: null },
    { ...entry, state: { status: 'odd' } },
    { ...entry, state: null },
    { ...entry, after: 7 },
    { ...entry, way: 'odd' },
  ];
  cupboard.items.set(key, JSON.stringify([...bad, entry]));
  assert.equal(store.all().length, 1);
  for (const text of ['{', '"x"', '{"a":1}', 'null']) {
    cupboard.items.set(key, text);
    assert.deepEqual(store.all(), []);
  }
});

test('a browser without storage space or permission only forgets', () => {
  const refuse = () => {
    throw new Error('QuotaExceededError');
  };
  for (const cupboard of [undefined, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    const store = new ReplyStore(cupboard);
    store.add(reply(finished('x')));
    store.clear();
    assert.deepEqual(store.all(), []);
  }
});

test('a deleted reply is gone at once, and remembered until the backend has confirmed that', () => {
  const cupboard = fakeCupboard();
  const [one, two] = [new ReplyStore(cupboard), new ReplyStore(cupboard)];
  for (const id of ['a', 'b', 'c']) one.add(reply(finished('x'), {}, id));
  one.delete(['a', 'b']);
  two.update([reply(finished('late'), {}, 'a')]);
  two.add(reply(finished('x'), {}, 'd'));
  assert.deepEqual(ids(two), ['c', 'd']);
  assert.deepEqual(two.deleted(), ['a', 'b']);
  two.confirmDeletion('a');
  one.clear();
  assert.deepEqual(one.deleted(), ['b']);
  one.confirmDeletion('b');
  assert.equal(cupboard.items.size, 0);
});
