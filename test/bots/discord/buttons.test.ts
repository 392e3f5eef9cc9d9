import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeButton,
  encodeAgain,
  encodeOwn,
  encodeStop,
  isOwn,
} from '../../../src/bots/discord/buttons.ts';
import type { StoryReference } from '../../../src/bots/read-story.ts';
import { PRESETS } from '../../../src/story/story.ts';

const CUSTOM_ID_MAX = 100;
const snowflake = fc.bigInt({ min: 10n ** 16n, max: 2n ** 63n - 1n }).map(String);
const mark: fc.Arbitrary<StoryReference> = fc.record({
  model: fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,25}$/),
  preset: fc.constantFrom(...PRESETS),
  temperature: fc.nat(200).map((hundredths) => hundredths / 100),
  length: fc.integer({ min: 50, max: 6_000 }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  promptLength: fc.nat(2_000),
  first: fc.option(snowflake, { nil: undefined }),
  previous: fc.option(snowflake, { nil: undefined }),
  source: fc.option(snowflake, { nil: undefined }),
});
const again = fc.constantFrom('continue', 'another', 'warmer', 'cooler');

describe('a button’s custom id', () => {
  it('fits the limit, and is parsed back exactly', () => {
    fc.assert(
      fc.property(again, mark, (action, story) => {
        const id = encodeAgain(action, story);
        assert.ok(id.length <= CUSTOM_ID_MAX, `${id.length}`);
        assert.deepEqual(decodeButton(id), { ...story, action });
      }),
      { numRuns: 1_000 },
    );
  });

  it('of Stop holds the reply and its author', () => {
    fc.assert(
      fc.property(snowflake, snowflake, (reply, userId) => {
        for (const replyId of [`i${reply}`, `m${reply}`, `d${reply}-20300101`]) {
          const id = encodeStop(replyId, userId);
          assert.ok(id.length <= CUSTOM_ID_MAX);
          assert.deepEqual(decodeButton(id), { action: 'stop', replyId, userId });
        }
      }),
    );
  });

  it('of the owner holds the reply, its author, and as many messages as fit', () => {
    const later = fc.array(fc.bigInt({ min: 1n, max: 600_000n << 22n }), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom('undo', 'delete'),
        snowflake,
        snowflake,
        later,
        (action, reply, userId, steps) => {
          const sums = steps.map((_, index) =>
            steps.slice(0, index + 1).reduce((sum, step) => sum + step, 0n),
          );
          const before = sums.map((sum) => String(BigInt(reply) + sum));
          const id = encodeOwn(action, { replyId: `i${reply}`, userId, before });
          assert.ok(id.length <= CUSTOM_ID_MAX, `${id.length}`);
          const button = decodeButton(id);
          assert.ok(button && isOwn(button) && 'before' in button);
          const { before: kept, ...others } = button;
          assert.deepEqual(others, { action, replyId: `i${reply}`, userId });
          assert.deepEqual(kept, before.slice(0, kept.length));
          // A story of 6,000 characters has four messages, of which one has the buttons.
          assert.ok(kept.length >= Math.min(before.length, 4), `${kept.length} messages`);
        },
      ),
    );
  });

  it('fits the limit with the longest values', () => {
    const [first, previous, source] = Array.from({ length: 3 }, () => String(2n ** 64n - 1n));
    const longest = { temperature: 2, length: 6_000, seed: 0xffff_ffff, promptLength: 2_000 };
    const model = 'm'.repeat(40);
    const id = encodeAgain('continue', { ...longest, model, preset: 'classic', first, previous, source });
    assert.ok(id.length <= CUSTOM_ID_MAX, `${id.length}`);
  });

  it('of version 0.1, which has no preset, is parsed as classic', () => {
    assert.deepEqual(decodeButton('1:w:scifi:1e:xc:7:3:2s:2t:'), {
      action: 'warmer',
      model: 'scifi',
      preset: 'classic',
      temperature: 0.5,
      length: 1_200,
      seed: 7,
      promptLength: 3,
      first: '100',
      previous: '101',
      source: undefined,
    });
    assert.deepEqual(decodeButton('1:s:i1:2'), { action: 'stop', replyId: 'i1', userId: '2' });
  });

  it('is rejected when it is malformed or from another version', () => {
    for (const id of [
      '',
      'x',
      '1',
      '1:s',
      '1:s:a',
      '1:s:a:b:c',
      '1:z:a:b:c:d:e:f:g:h',
      '3:s:a:b',
      '1:c:scifi:A:B',
      '2:c:scifi:A:B',
      // Without a preset, or with an unknown one.
      '2:c:scifi:1e:xc:7:3:::',
      '2:c:scifi:x:1e:xc:7:3:::',
      '1:c:scifi:l:1e:xc:7:3:::',
    ]) {
      assert.equal(decodeButton(id), undefined, id);
    }
    fc.assert(fc.property(fc.string(), (id) => void decodeButton(id)));
  });

  it('finds a model with a long name by its prefix', () => {
    const model = `m${'o'.repeat(40)}`;
    const id = encodeAgain('another', {
      model,
      temperature: 2,
      length: 6_000,
      seed: 0xffff_ffff,
      promptLength: 1_734,
    });
    const button = decodeButton(id);
    assert.ok(button && 'model' in button && model.startsWith(button.model) && button.model.length > 20);
  });
});
