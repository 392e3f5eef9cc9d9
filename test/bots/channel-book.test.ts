import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_TITLE, channelBook } from '../../src/bots/channel-book.ts';
import type { KeptStory } from '../../src/queue/kept-stories.ts';

let askedAt = 0;

function kept(prompt: string, written: string, context = ''): KeptStory {
  askedAt += 1;
  return {
    request: { prompt, context, preset: 'lively', temperature: 0.4, length: 200, seed: askedAt, model: 'm' },
    story: {
      status: 'finished',
      text: prompt + written,
      ending: 'complete',
      modelVersion: 'abc',
      engine: 'integer',
      unreadable: 0,
    },
    askedAt,
  };
}

const RAIN = kept('It rained', ' on Mars for a hundred years and a day.');
const ROBOT = kept('A robot', ' was alone on the ship, and it knew it.');
const RAIN_2 = kept('', 'Then the sun came back to the colony.', 'on Mars for a hundred years\n and a day.');
const RAIN_3 = kept(
  'Nobody',
  ' saw it.',
  'on Mars for a hundred years and a day. Then the sun came back to the colony.',
);
const MOON = kept('The moon', ' was gone.');
const ALL = [RAIN, ROBOT, RAIN_2, RAIN_3, MOON];

test('a book has the stories in their order, each with its continuations as parts', () => {
  const { book, available, seed } = channelBook(ALL, 10, [])!;
  assert.equal(book.title, CHANNEL_TITLE);
  assert.equal(available, 3);
  assert.equal(seed, RAIN.request.seed);
  assert.deepEqual(
    book.stories.map(({ title, parts }) => [title, parts.length]),
    [
      ['It rained on Mars for a hundred years and a day', 3],
      ['A robot was alone on the ship', 1],
      ['The moon was gone', 1],
    ],
  );
  const texts = book.stories[0]!.parts.map(({ segments }) => segments.map(({ text }) => text).join(''));
  assert.deepEqual(texts.join(''), `${RAIN.story.text} ${RAIN_2.story.text} ${RAIN_3.story.text}`);
  const [, continuation, withLine] = book.stories[0]!.parts;
  assert.deepEqual(continuation!.segments, [{ kind: 'written', text: ` ${RAIN_2.story.text}` }]);
  assert.deepEqual(withLine!.segments[0], { kind: 'prompt', text: ' Nobody' });
  assert.match(book.stories[1]!.parts[0]!.credits, /^m abc \(integer\) · lively · seed \d+ · written by/);
});

test('the stories that were continued most often are chosen first, then the newest', () => {
  const titles = (most: number) => channelBook(ALL, most, [])!.book.stories.map(({ title }) => title);
  assert.deepEqual(titles(2), ['It rained on Mars for a hundred years and a day', 'The moon was gone']);
  assert.equal(titles(1).length, 1);
  assert.equal(channelBook(ALL, 1, [])!.book.title, 'It rained on Mars for a hundred years and a day');
});

test('a continuation of a text that is not kept, and a second one, are stories of their own', () => {
  const branch = kept('', 'Other sun.', RAIN.story.text);
  const unknown = kept('', 'And so on.', 'What a user wrote in a message of the channel.');
  const short = kept('', 'It went on.', 'a day.');
  assert.equal(channelBook([RAIN, RAIN_2, branch, unknown, short], 10, [])!.available, 4);
});

test('without stories there is no book', () => {
  assert.equal(channelBook([], 10, []), undefined);
});
