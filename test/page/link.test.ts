import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashFor, hashForThread, planFromHash } from '../../src/page/link.ts';
import { ASK, finished, reply } from './replies.ts';

const drawSeed = () => 42;

test('a link holds the settings', () => {
  assert.equal(
    hashFor({ ask: { ...ASK, prompt: 'It all began & with #1', context: 'Before.' }, nextSeeds: [8, 9] }),
    '#prompt=It%20all%20began%20%26%20with%20%231&temperature=0.4&length=1200&seed=7&then=8&then=9&model=scifi&context=Before.',
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
  const nextSeeds = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 9 });
  const plan = fc.record({ ask, nextSeeds }, { noNullPrototype: true });
  fc.assert(fc.property(plan, (wanted) => assert.deepEqual(planFromHash(hashFor(wanted), drawSeed), wanted)));
});

test('a setting missing in a link takes its default, and one out of bounds is clamped', () => {
  const { model: _, ...defaults } = { ...ASK, prompt: 'Hi', seed: 42 };
  assert.deepEqual(planFromHash('#prompt=Hi', drawSeed), { ask: defaults, nextSeeds: [] });
  assert.deepEqual(planFromHash('#prompt=Hi&temperature=x&length=&seed=NaN', drawSeed)?.ask, defaults);
  const brought = planFromHash('#prompt=&temperature=9&length=1e9&seed=-3.5', drawSeed)?.ask;
  assert.deepEqual([brought?.temperature, brought?.length, brought?.seed], [2, 6_000, 0]);
});

test('other hashes request no story', () => {
  for (const hash of ['', '#', '#beginning', '#prompt', '#seed=7']) {
    assert.equal(planFromHash(hash, drawSeed), undefined, hash);
  }
});

test('no hash breaks the page', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const ask = planFromHash(`#prompt=${text}`, drawSeed)?.ask;
      assert.ok(ask && ask.temperature >= 0 && ask.temperature <= 2 && Number.isInteger(ask.length));
    }),
  );
});

test('a link opens the whole thread again, or there is no link', () => {
  const part = (seed: number, ending: 'complete' | 'stopped' = 'complete') =>
    reply(finished('Text.', ending), { prompt: '', context: 'Before.', seed });
  const first = reply(finished('It was.'));
  assert.match(hashForThread([first, part(8), part(9)])!, /^#prompt=It&.*&seed=7&then=8&then=9&/);
  assert.doesNotMatch(hashForThread([first, part(8)])!, /context/, 'it follows from the parts before');
  assert.ok(hashForThread([first, part(8, 'stopped')]), 'it only goes on after what was stopped');
  assert.equal(hashForThread([first, part(8, 'stopped'), part(9)]), undefined);
  const failed = reply({ status: 'failed', text: 'It', error: { code: 'internal', message: 'Broke.' } });
  assert.equal(hashForThread([failed, part(8)]), undefined);
  assert.equal(hashForThread([first, ...Array.from({ length: 10 }, (_, n) => part(n))]), undefined);
});

test('a link starts at most ten parts, each with a seed within bounds', () => {
  const { nextSeeds } = planFromHash(`#prompt=It${'&then=-1&then=9e99'.repeat(50)}`, drawSeed)!;
  assert.deepEqual(nextSeeds, [0, 0xffff_ffff, 0, 0xffff_ffff, 0, 0xffff_ffff, 0, 0xffff_ffff, 0]);
});
