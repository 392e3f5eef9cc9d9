import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bestFirst, contributionsTo, highlightsOf, titleOf, type Work } from '../../src/story/shelf.ts';

function work(id: string, more: Partial<Work> = {}): Work {
  return {
    id,
    kind: 'vote',
    channelId: 'c',
    hostId: 'ann',
    address: null,
    messages: ['m'],
    request: { model: 'scifi', temperature: 0.4, seed: 7 },
    segments: [
      { kind: 'prompt', text: `It all began with ${id}` },
      { kind: 'written', text: ' in a place. And so on it went, for a long time.' },
    ],
    forks: [],
    titles: [],
    finishedAt: 0,
    credits: {},
    ...more,
  };
}

const fork = (counts: readonly number[], winner = counts.indexOf(Math.max(...counts))) => ({
  choices: counts.map((_, index) => `choice ${index} of ${counts.join('-')}`),
  counts,
  winner,
});

describe('the works of a channel', () => {
  it('are ranked by reactions, then by votes, then by age', () => {
    const works = [
      work('old', { finishedAt: 1 }),
      work('new', { finishedAt: 2 }),
      work('voted', { forks: [fork([1, 2])] }),
      work('liked', { reactions: { count: 1, at: 0 } }),
    ];
    assert.deepEqual(
      bestFirst(works).map(({ id }) => id),
      ['liked', 'voted', 'new', 'old'],
    );
    assert.equal(titleOf(work('a robot')), 'It all began with a robot in a place');
    assert.equal(titleOf(work('a', { titles: ['Chosen', 'Other'] })), 'Chosen');
  });

  it('have the best opening, the best line and the most voted fork', () => {
    assert.equal(highlightsOf([]), undefined);
    const alone = highlightsOf([work('a robot')])!;
    assert.deepEqual(
      alone.opening.text,
      'It all began with a robot in a place. And so on it went, for a long time.',
    );
    assert.equal(alone.line ?? alone.fork, undefined);
    const best = highlightsOf([
      work('one', { forks: [fork([3, 4]), fork([0, 5])] }),
      work('two', { forks: [fork([1, 1, 1])], reactions: { count: 2, at: 0 } }),
    ])!;
    assert.equal(best.opening.work.id, 'two');
    assert.deepEqual([best.fork!.votes, best.fork!.fork.counts], [7, [3, 4]]);
    assert.deepEqual([best.line!.text, best.line!.count, best.line!.of], ['choice 1 of 0-5', 5, 'votes']);
    const single = highlightsOf([work('one', { forks: [fork([3, 4])] })])!;
    assert.deepEqual([single.line!.text, single.fork!.votes], ['choice 1 of 3-4', 7]);
    const liked = (reactions: number) =>
      work('relay', { kind: 'relay', liked: { text: 'Liked.', reactions } });
    const voted = work('one', { forks: [fork([3, 4]), fork([0, 5])] });
    const lineOf = (reactions: number) => highlightsOf([voted, liked(reactions)])!.line!;
    assert.deepEqual([lineOf(6).text, lineOf(6).count, lineOf(6).of], ['Liked.', 6, 'reactions']);
    assert.deepEqual([lineOf(4).count, lineOf(4).of], [5, 'votes']);
    const relays = highlightsOf([liked(1), liked(2)])!;
    assert.deepEqual([relays.line!.count, relays.fork], [2, undefined]);
    const silent = { choices: ['a'], counts: [0] };
    assert.equal(highlightsOf([work('one', { forks: [silent] })])!.fork, undefined);
  });

  it('count for those who want to be named, and for no other user', () => {
    const works = [
      work('one', { credits: { 'test:ann': 2, 'test:bob': 1 } }),
      work('two', { credits: { 'test:bob': 3, 'test:cara': 9 }, hostId: 'bob' }),
    ];
    const named = ['ann', 'bob', 'dan'].map((userId) => ({ userId, person: `test:${userId}` }));
    assert.deepEqual(contributionsTo(works, named), [
      { userId: 'bob', contributed: 4, hosted: 1 },
      { userId: 'ann', contributed: 2, hosted: 1 },
      { userId: 'dan', contributed: 0, hosted: 0 },
    ]);
  });
});
