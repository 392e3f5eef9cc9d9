import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failHere, mergeState } from '../../src/page/reply.ts';
import type { ReplyState } from '../../src/story/story.ts';
import { warmed } from '../../src/story/story.ts';
import { finished, reply } from './replies.ts';

const waiting = (position: number | null): ReplyState => ({ status: 'waiting', position });
const writing = (text: string): ReplyState => ({ status: 'writing', text });
const failed: ReplyState = { status: 'failed', text: 'a', error: { code: 'internal', message: 'Broken.' } };

test('a state only moves forward', () => {
  assert.deepEqual(mergeState(waiting(3), waiting(2)), waiting(2));
  assert.deepEqual(mergeState(waiting(1), writing('a')), writing('a'));
  assert.deepEqual(mergeState(writing('a'), waiting(1)), writing('a'));
  assert.deepEqual(mergeState(writing('a'), writing('ab')), writing('ab'));
});

test('a snapshot that is shorter or diverges is ignored', () => {
  assert.deepEqual(mergeState(writing('abc'), writing('ab')), writing('abc'));
  assert.deepEqual(mergeState(writing('abc'), writing('abX and more')), writing('abc'));
});

test('the final state is applied, once', () => {
  assert.deepEqual(mergeState(writing('abc'), finished('a.')), finished('a.'));
  assert.deepEqual(mergeState(waiting(1), failed), failed);
  assert.deepEqual(mergeState(finished('a.'), writing('a. b')), finished('a.'));
  assert.deepEqual(mergeState(failed, finished('a.')), failed);
});

test('a reply that fails in the page keeps its text', () => {
  const { state } = failHere(reply(writing('So far')), 'not_found', 'Gone.');
  assert.deepEqual(state, {
    status: 'failed',
    text: 'So far',
    error: { code: 'not_found', message: 'Gone.' },
  });
});

test('warmer and cooler stay within bounds, without rounding errors', () => {
  assert.equal(warmed(0.4, 0.2), 0.6);
  assert.equal(warmed(0.1, 0.2), 0.3);
  assert.equal(warmed(0.1, -0.2), 0);
  assert.equal(warmed(1.9, 0.2), 2);
});
