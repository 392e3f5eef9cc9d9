import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askFromHash, hashFor } from '../../../../src/bots/web/page/link.ts';
import { ASK } from './replies.ts';

const drawSeed = () => 42;

test('a link holds the settings', () => {
  assert.equal(
    hashFor({ ...ASK, prompt: 'It all began & with #1', context: 'Before.' }),
    '#prompt=It%20all%20began%20%26%20with%20%231&temperature=0.4&length=1200&seed=7&model=scifi&context=Before.',
  );
});

test('a link reopens the same story', () => {
  const ask = fc.record(
    {
      prompt: fc.string({ unit: 'grapheme' }),
      context: fc.string({ unit: 'grapheme' }),
      temperature: fc.integer({ min: 0, max: 200 }).map((n) => n / 100),
      length: fc.integer({ min: 50, max: 6_000 }),
      seed: fc.integer({ min: 0, max: 0xffff_ffff }),
      model: fc.string({ minLength: 1 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(ask, (wanted) => assert.deepEqual(askFromHash(hashFor(wanted), drawSeed), wanted)));
});

test('what a link leaves out takes its default, and what is out of bounds is brought in', () => {
  const { model: _, ...defaults } = { ...ASK, prompt: 'Hi', seed: 42 };
  assert.deepEqual(askFromHash('#prompt=Hi', drawSeed), defaults);
  assert.deepEqual(askFromHash('#prompt=Hi&temperature=x&length=&seed=NaN', drawSeed), defaults);
  const brought = askFromHash('#prompt=&temperature=9&length=1e9&seed=-3.5', drawSeed);
  assert.deepEqual([brought?.temperature, brought?.length, brought?.seed], [2, 6_000, 0]);
});

test('other hashes ask for nothing', () => {
  for (const hash of ['', '#', '#beginning', '#prompt', '#seed=7']) {
    assert.equal(askFromHash(hash, drawSeed), undefined, hash);
  }
});

test('no hash breaks the page', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const ask = askFromHash(`#prompt=${text}`, drawSeed);
      assert.ok(ask && ask.temperature >= 0 && ask.temperature <= 2 && Number.isInteger(ask.length));
    }),
  );
});
