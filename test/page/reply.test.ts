import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  continuationContext,
  failed,
  mergeState,
  newReply,
  segmentsOf,
  wholeText,
} from '../../src/page/reply.ts';
import type { ReplyState } from '../../src/story/story.ts';
import { finished, reply } from './replies.ts';

const waiting = (position: number | null): ReplyState => ({ status: 'waiting', position });
const writing = (text: string): ReplyState => ({ status: 'writing', text });
const broken: ReplyState = { status: 'failed', text: 'a', error: { code: 'internal', message: 'Broken.' } };

test('a state only moves forward', () => {
  assert.deepEqual(mergeState(waiting(3), waiting(2)), waiting(2));
  assert.deepEqual(mergeState(waiting(1), writing('a')), writing('a'));
  assert.deepEqual(mergeState(writing('a'), waiting(1)), writing('a'));
  assert.deepEqual(mergeState(writing('a'), writing('ab')), writing('ab'));
});

test('a new reply asks for probabilities only where they are shown, and continues a word only of a prompt', () => {
  const ask = { prompt: 'It al', context: '', temperature: 0.4, length: 300, seed: 1 };
  const earlier = { ...ask, continuesWord: true, probabilities: true };
  assert.deepEqual(newReply('id', 'thread', earlier, false), {
    id: 'id',
    thread: 'thread',
    ask: { ...ask, continuesWord: true },
    state: waiting(null),
    submitted: false,
  });
  assert.deepEqual(newReply('id', 'thread', { ...earlier, prompt: '' }, true).ask, {
    ...ask,
    prompt: '',
    probabilities: true,
  });
});

test('a snapshot that is shorter or diverges is ignored', () => {
  assert.deepEqual(mergeState(writing('abc'), writing('ab')), writing('abc'));
  assert.deepEqual(mergeState(writing('abc'), writing('abX and more')), writing('abc'));
});

test('a later beginning replaces the text, and an earlier one is ignored', () => {
  const begun = (text: string, beginning: number): ReplyState => ({ status: 'writing', text, beginning });
  assert.deepEqual(mergeState(writing('abc'), begun('a', 1)), begun('a', 1));
  assert.deepEqual(mergeState(begun('a', 1), writing('abcd')), begun('a', 1));
  assert.deepEqual(mergeState(begun('a', 1), begun('ax', 1)), begun('ax', 1));
  assert.deepEqual(mergeState(begun('ax', 1), begun('ay and more', 1)), begun('ax', 1));
  assert.deepEqual(mergeState(begun('ax', 1), begun('a', 2)), begun('a', 2));
});

test('the final state is applied, once', () => {
  assert.deepEqual(mergeState(writing('abc'), finished('a.')), finished('a.'));
  assert.deepEqual(mergeState(waiting(1), broken), broken);
  assert.deepEqual(mergeState(finished('a.'), writing('a. b')), finished('a.'));
  assert.deepEqual(mergeState(broken, finished('a.')), broken);
});

test('a reply that fails in the page keeps its text', () => {
  const error = { code: 'not_found', message: 'Gone.' };
  assert.deepEqual(failed(writing('So far'), error), {
    status: 'failed',
    text: 'So far',
    error,
  });
});

test('a short story is continued with its whole text, and with its own context', () => {
  const replies = [
    reply(finished('It was. '), { context: 'Before. ' }),
    reply(finished('Then.'), { prompt: '' }),
  ];
  assert.equal(continuationContext(replies), 'Before. It was. Then.');
});

test('a long one is cut at a word', () => {
  const replies = [reply(finished('alpha beta gamma'))];
  assert.equal(continuationContext(replies, 8), 'gamma');
  assert.equal(continuationContext(replies, 10), 'beta gamma');
  assert.equal(continuationContext(replies, 11), ' beta gamma');
  assert.equal(continuationContext([reply(finished('x😀yyyy'))], 5), 'yyyy');
});

test('the context is an end of the story, within its bound', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '😀', '.'), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 40 }), (story, max) => {
      const context = continuationContext([reply(finished(story))], max);
      assert.ok(story.endsWith(context) && context.length <= max);
      assert.doesNotMatch(context, /\p{Surrogate}/u);
    }),
  );
});

test('the prompt is split off where the story begins with it', () => {
  const whole = [reply(finished('It was.'))];
  assert.deepEqual(segmentsOf(whole), [
    { kind: 'prompt', text: 'It' },
    { kind: 'written', text: ' was.', source: { reply: 0, from: 2 } },
  ]);
  assert.deepEqual(segmentsOf(whole, 'I'), [{ kind: 'prompt', text: 'I' }]);
  assert.deepEqual(segmentsOf([reply(finished('S*** was.'), { prompt: 'Shit' })]), [
    { kind: 'prompt', text: 'S***' },
    { kind: 'written', text: ' was.', source: { reply: 0, from: 4 } },
  ]);
  assert.deepEqual(segmentsOf([reply(finished('That was.'))]), [
    { kind: 'written', text: 'That was.', source: { reply: 0, from: 0 } },
  ]);
  assert.deepEqual(segmentsOf([reply({ status: 'waiting', position: 1 })]), []);
});

test('parts are joined into one text', () => {
  const first = reply(finished('It was.'));
  const then = (text: string) => wholeText([first, reply(finished(text), { prompt: '' })]);
  assert.equal(then('Then it'), 'It was. Then it');
  assert.equal(then(' Then it'), 'It was. Then it');
  assert.equal(then('\nThen it'), 'It was.\nThen it');
  const midWord = reply(finished('It was the sh', 'stopped'));
  assert.equal(wholeText([midWord, reply(finished('ip.'), { prompt: '' })]), 'It was the ship.');
});
