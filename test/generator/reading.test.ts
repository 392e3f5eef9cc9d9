import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { idsPerCharacter, passageOf, type Serving, servingOf } from '../../src/generator/reading.ts';
import { RandomLayers } from './model/random-layers.ts';
import { modelOf, randomModel } from './model/random-model.ts';

describe('the serving mode of a model', () => {
  const random = new RandomLayers(1);
  const bidirectional = [
    random.embedding(12, 4),
    random.bidirectional('sum', () => random.lstm(4, 3)),
    random.dense(3, 12),
  ];

  test('carries the state of a stateful model, and refreshes that of one trained on windows', () => {
    assert.deepEqual(servingOf(randomModel()), { kind: 'carried' });
    const reading = { kind: 'window', characters: 50 } as const;
    assert.deepEqual(servingOf({ ...randomModel(), reading }), { kind: 'refreshed', characters: 50 });
  });

  test('is windows for a bidirectional model, which has to give their length', () => {
    const reading = { kind: 'window', characters: 20 } as const;
    assert.deepEqual(servingOf(modelOf(bidirectional, reading)), { kind: 'windows', characters: 20 });
    assert.throws(() => servingOf(modelOf(bidirectional)), { code: 'model_unavailable' });
  });
});

describe('a passage', () => {
  const window = fc.integer({ min: 1, max: 70 });

  test('of a carried state is all text that was read', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (index) => {
        assert.deepEqual(passageOf(index, { kind: 'carried' }), { from: 0, until: Infinity });
      }),
    );
  });

  test('is never longer than the window, and with enough text never shorter than half of it', () => {
    fc.assert(
      fc.property(window, fc.nat(500), (characters, index) => {
        const { from, until } = passageOf(index, { kind: 'refreshed', characters });
        assert.ok(from >= 0 && from <= index && index < until);
        const seen = index - from + 1;
        assert.ok(seen <= characters, `${seen} of ${characters}`);
        assert.ok(seen >= Math.min(index, Math.floor(characters / 2)) + 1, `${seen} of ${characters}`);
      }),
    );
  });

  test('is the same for all ids before its end, and ends where another begins', () => {
    fc.assert(
      fc.property(window, fc.nat(500), (characters, index) => {
        const serving: Serving = { kind: 'refreshed', characters };
        const passage = passageOf(index, serving);
        assert.deepEqual(passageOf(passage.until - 1, serving), passage);
        assert.notDeepEqual(passageOf(passage.until, serving), passage);
      }),
    );
  });

  test('of windows is as much as a window holds', () => {
    const serving: Serving = { kind: 'windows', characters: 6 };
    assert.deepEqual(passageOf(3, serving), { from: 0, until: Infinity });
    assert.deepEqual(passageOf(20, serving), { from: 15, until: Infinity });
  });

  test('costs the stated number of steps', () => {
    for (const characters of [1, 2, 3, 7, 50, 51]) {
      const serving: Serving = { kind: 'refreshed', characters };
      const count = 10_000;
      let fed = 0;
      for (let index = 0; index < count; ) {
        const { from, until } = passageOf(index, serving);
        fed += until - from;
        index = until;
      }
      const expected = idsPerCharacter(serving);
      assert.ok(expected <= 2 && Math.abs(fed / count - expected) < 0.01, `${fed / count}, ${expected}`);
    }
    assert.equal(idsPerCharacter({ kind: 'carried' }), 1);
    assert.equal(idsPerCharacter({ kind: 'windows', characters: 50 }), 50);
  });
});
