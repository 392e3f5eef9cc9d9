/** The content of a button's value, and the text of Slack's markup. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { actionIdOf, againValue, decodeButton, ownValue } from '../../../src/bots/slack/reply/buttons.ts';
import { PRESETS } from '../../../src/story/story.ts';

const VALUE_MAX = 2_000;

describe('a Slack button’s value', () => {
  it('is parsed back exactly, and is short enough', () => {
    const mark = fc.record(
      {
        model: fc.string({ minLength: 1, maxLength: 60 }),
        preset: fc.constantFrom(...PRESETS),
        temperature: fc.integer({ min: 0, max: 200 }).map((hundredths) => hundredths / 100),
        length: fc.integer({ min: 50, max: 6_000 }),
        seed: fc.integer({ min: 0, max: 0xffff_ffff }),
        promptLength: fc.nat(2_000),
        source: fc.stringMatching(/^\d{10}\.\d{6}(@\d{10}\.\d{6})?$/),
      },
      { requiredKeys: ['model', 'preset', 'temperature', 'length', 'seed', 'promptLength'] },
    );
    fc.assert(
      fc.property(mark, fc.constantFrom('continue', 'another', 'warmer', 'cooler'), (known, action) => {
        const value = againValue(known);
        assert.ok(value.length <= VALUE_MAX);
        assert.deepEqual(decodeButton(actionIdOf(action), value), { action, ...known });
      }),
    );
    const stop = decodeButton(actionIdOf('stop'), ownValue('c1.2.abc', 'U1'));
    assert.deepEqual(stop, { action: 'stop', replyId: 'c1.2.abc', userId: 'U1' });
  });

  it('of version 0.1, which has no preset, is parsed as classic', () => {
    const old = { model: 'scifi', temperature: 0.5, length: 300, seed: 7, promptLength: 3 };
    assert.deepEqual(decodeButton('scifi-warmer', JSON.stringify({ v: 1, ...old })), {
      action: 'warmer',
      preset: 'classic',
      ...old,
    });
    assert.equal(decodeButton('scifi-warmer', JSON.stringify({ v: 2, ...old })), undefined);
    assert.equal(decodeButton('scifi-warmer', JSON.stringify({ v: 2, ...old, preset: 'hot' })), undefined);
    assert.equal(decodeButton('scifi-warmer', JSON.stringify({ v: 3, ...old, preset: 'wild' })), undefined);
    assert.deepEqual(decodeButton('scifi-stop', '{"v":1,"reply":"c1","user":"U1"}'), {
      action: 'stop',
      replyId: 'c1',
      userId: 'U1',
    });
  });

  it('is rejected when it is malformed or of an unknown action', () => {
    fc.assert(
      fc.property(fc.string(), (value) => assert.equal(decodeButton('scifi-continue', value), undefined)),
    );
    assert.equal(decodeButton('scifi-continue', undefined), undefined);
    assert.equal(decodeButton('scifi-continue', '{"v":2}'), undefined);
    assert.equal(
      decodeButton(
        'scifi-explode',
        againValue({ model: 'a', temperature: 1, length: 50, seed: 1, promptLength: 0 }),
      ),
      undefined,
    );
  });
});
