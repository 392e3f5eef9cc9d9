import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '../../../src/page/reply.ts';
import {
  choicesOf,
  endsOf,
  forkAfter,
  idsFrom,
  isGrowing,
  pathOf,
  settled,
  shownOf,
  toldOf,
  wayTo,
} from '../../../src/page/ways/path.ts';
import type { ReplyState } from '../../../src/story/story.ts';
import { finished, reply } from '../replies.ts';

const WAITING: ReplyState = { status: 'waiting', position: null };

/** A brief reply that was offered after another one. */
function way(id: string, after: string | undefined, options: Partial<Reply> = {}): Reply {
  return {
    ...reply(finished(` ${id}.`), { prompt: '', brief: true }, id),
    ...(after === undefined ? {} : { after }),
    fork: `${id[0]}1`,
    ...options,
  };
}

const first = reply(finished('It was.'), {}, 'a');
/** A story in which b2 was chosen, and nothing yet of what follows. */
const THREAD: readonly Reply[] = [
  first,
  way('b1', 'a', { way: 'aside' }),
  way('b2', 'a'),
  way('b3', 'a', { way: 'aside' }),
  way('c1', 'b2', { way: 'open' }),
  way('c2', 'b2', { way: 'aside' }),
  way('c3', 'b2', { way: 'aside' }),
];

const ids = (replies: readonly Reply[]) => replies.map(({ id }) => id).join(' ');

test('a story is its parts; those of which the user chooses one stand at its end', () => {
  assert.equal(ids(pathOf(THREAD)), 'a b2 c1');
  assert.equal(ids(toldOf(THREAD)), 'a b2');
  assert.equal(ids(endsOf(THREAD)), 'c1 c2 c3');
  assert.equal(ids(choicesOf(THREAD)), 'c1 c2 c3');
  assert.equal(ids(endsOf([first])), 'a');
  assert.equal(ids(choicesOf([first])), '');
});

test('each text can be chosen once', () => {
  const same = THREAD.with(6, { ...THREAD[6]!, state: finished(' c1.') });
  assert.equal(ids(choicesOf(same)), 'c1 c2');
});

test('nothing can be chosen before all is written, and nothing without words', () => {
  const growing = THREAD.with(5, { ...THREAD[5]!, state: WAITING });
  assert.ok(isGrowing(growing));
  assert.equal(ids(choicesOf(growing)), '');
  const failed: ReplyState = { status: 'failed', text: '', error: { code: 'x', message: 'No.' } };
  const partly = THREAD.with(4, { ...THREAD[4]!, state: finished(' ') }).with(5, {
    ...THREAD[5]!,
    state: failed,
  });
  assert.equal(isGrowing(partly), false);
  assert.equal(ids(choicesOf(partly)), 'c3');
});

test('of those of which the user chooses one, the page shows the wait and the prompt only', () => {
  const line = THREAD.map((one) =>
    one.after === 'b2'
      ? { ...one, ask: { ...one.ask, prompt: 'So' }, state: finished(`So ${one.id}.`) }
      : one,
  );
  assert.deepEqual(shownOf(line).at(-1)!.state, finished('So'));
  assert.equal(shownOf(line).at(-1)!.id, 'c1');
  const growing = line.with(6, { ...line[6]!, state: WAITING });
  assert.deepEqual(shownOf(growing).at(-1)!.state, WAITING);
  assert.deepEqual(shownOf([first]), [first]);
});

test('every way leads back, and keeps what was written on the others', () => {
  const back = wayTo(THREAD, 'a', 'b1');
  assert.equal(ids(pathOf(back)), 'a b1');
  assert.equal(back[1]!.way, 'open');
  assert.equal(back.length, THREAD.length);
  const other = wayTo(back, 'b3');
  assert.equal(ids(pathOf(other)), 'a b3');
  assert.deepEqual(wayTo(other, 'b2', forkAfter(other, 'b2')), THREAD);
  assert.equal(ids(pathOf(wayTo(THREAD, 'b2'))), 'a b2');
  assert.equal(ids(toldOf(wayTo(THREAD, 'c3'))), 'a b2 c3');
});

test('openings are chosen again at the beginning', () => {
  const openings = [
    way('a1', undefined, { way: 'aside' }),
    way('a2', undefined),
    way('b1', 'a2', { way: 'open' }),
  ];
  const back = wayTo(openings, undefined, 'a1');
  assert.equal(ids(pathOf(back)), 'a1');
  assert.equal(ids(endsOf(back)), 'a1 a2');
  // Also where the first of them is no longer kept.
  assert.equal(ids(pathOf(wayTo(openings.slice(1), undefined, 'a1'))), 'a2');
});

test('a story of an earlier version is bound before it has ways', () => {
  const old = [first, reply(finished(' And.'), {}, 'b'), reply(finished(' So.'), {}, 'c')];
  assert.deepEqual(
    settled(old).map(({ after }) => after),
    [undefined, 'a', 'b'],
  );
  assert.equal(ids(pathOf(settled(THREAD))), 'a b2');
});

test('a part is removed with all that followed it on any way', () => {
  assert.deepEqual(idsFrom(THREAD, 'b2').sort(), ['b2', 'c1', 'c2', 'c3']);
  assert.deepEqual(idsFrom(THREAD, 'b1'), ['b1']);
});

test('of several forks after one part, each has its own ways, and the newest is opened', () => {
  const line = ['d1', 'd2', 'd3'].map((id) => way(id, 'a', { way: 'aside' }));
  const all = [...THREAD, ...line];
  assert.equal(forkAfter(all, 'a'), 'd1');
  assert.equal(forkAfter(all, 'c1'), undefined);
  assert.equal(ids(endsOf(wayTo(all, 'a', 'd1'))), 'd1 d2 d3');
  assert.equal(ids(endsOf(wayTo(all, 'a', 'b1'))), 'b1 b2 b3');
});
