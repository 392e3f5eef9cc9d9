import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashFor, hashForThread, planFromHash } from '../../src/page/link.ts';
import { DEFAULT_PRESET } from '../../src/story/story.ts';
import { ASK, finished, reply } from './replies.ts';

const drawSeed = () => 42;

test('a link holds the settings', () => {
  assert.equal(
    hashFor({ ask: { ...ASK, prompt: 'It all began & with #1', context: 'Before.' }, nextSeeds: [8, 9] }),
    '#prompt=It%20all%20began%20%26%20with%20%231&temperature=0.4&length=1200&seed=7&then=8&then=9&model=scifi&context=Before.',
  );
});

test('a link of another preset holds its name and no temperature', () => {
  assert.equal(
    hashFor({ ask: { ...ASK, preset: 'wild' }, nextSeeds: [] }),
    '#prompt=It&preset=wild&length=1200&seed=7&model=scifi',
  );
});

test('a link without a preset, as version 0.1 made them, is classic', () => {
  const old = '#prompt=It&temperature=0.7&length=300&seed=9&model=scifi';
  const ask = { ...ASK, preset: 'classic', temperature: 0.7, length: 300, seed: 9 } as const;
  assert.deepEqual(planFromHash(old, drawSeed)?.ask, ask);
  const { preset: _, ...recordOfOldPage } = ask;
  assert.equal(hashFor({ ask: recordOfOldPage, nextSeeds: [] }), old);
  assert.equal(hashFor({ ask, nextSeeds: [] }), old);
});

test('an unknown preset takes the default, and a temperature beside another preset is ignored', () => {
  const sampling = (hash: string) => {
    const { preset, temperature } = planFromHash(hash, drawSeed)!.ask;
    return [preset, temperature];
  };
  assert.deepEqual(sampling('#prompt=It&preset=odd'), [DEFAULT_PRESET, 0.4]);
  assert.deepEqual(sampling('#prompt=It&preset=calm&temperature=1.5'), ['calm', 0.4]);
  assert.deepEqual(sampling('#prompt=It&preset=classic&temperature=1.5'), ['classic', 1.5]);
  assert.deepEqual(sampling('#prompt=It&preset=classic'), ['classic', 0.4]);
});

test('a link reopens the same story', () => {
  const temperature = fc.integer({ min: 0, max: 200 }).map((n) => n / 100);
  const sampling = fc.oneof(
    fc.record({ preset: fc.constant('classic' as const), temperature }),
    fc.record({ preset: fc.constantFrom('calm', 'lively', 'wild'), temperature: fc.constant(0.4) }),
  );
  const settings = fc.record({
    prompt: fc.string({ unit: 'grapheme' }),
    context: fc.string({ unit: 'grapheme' }),
    length: fc.integer({ min: 50, max: 6_000 }),
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    model: fc.string({ minLength: 1 }),
  });
  const ask = fc.tuple(settings, sampling).map(([one, other]) => ({ ...one, ...other }));
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
  const ofOtherPreset = reply(finished('Text.'), { prompt: '', context: 'Before.', preset: 'wild' });
  assert.equal(hashForThread([first, ofOtherPreset]), undefined);
  assert.equal(hashForThread([first, ...Array.from({ length: 10 }, (_, n) => part(n))]), undefined);
});

test('a link starts at most ten parts, each with a seed within bounds', () => {
  const { nextSeeds } = planFromHash(`#prompt=It${'&then=-1&then=9e99'.repeat(50)}`, drawSeed)!;
  assert.deepEqual(nextSeeds, [0, 0xffff_ffff, 0, 0xffff_ffff, 0, 0xffff_ffff, 0, 0xffff_ffff, 0]);
});
