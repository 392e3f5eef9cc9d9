import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isRatable, likedShare, presetGroup } from '../../src/story/feedback.ts';
import { PRESETS, type ReplyState, STORY_BOUNDS } from '../../src/story/story.ts';

describe('feedback', () => {
  it('is for stories that have ended with words of a model', () => {
    const request = { prompt: 'It all began' };
    const credits = { modelVersion: 'abc', engine: 'onnx', unreadable: 0 };
    const text = 'It all began with a light.';
    const finished = { status: 'finished', ending: 'complete', ...credits, text } as const;
    const states: [ReplyState, boolean][] = [
      [finished, true],
      [{ ...finished, ending: 'stopped' }, true],
      [{ ...finished, text: request.prompt }, false],
      [{ ...finished, modelVersion: '' }, false],
      [{ status: 'writing', text }, false],
      [{ status: 'waiting', position: 1 }, false],
      [{ status: 'failed', text, error: { code: 'internal', message: 'Broken.' } }, false],
    ];
    for (const [state, isRated] of states) {
      assert.equal(isRatable(state, request), isRated, JSON.stringify(state));
    }
  });

  it('is counted by the preset, and by a few groups of temperatures where there is none', () => {
    assert.equal(presetGroup({ preset: 'lively', temperature: 0.4 }), 'lively');
    const groups = [0, 0.09, 0.1, 0.4, 0.49, 0.51, 2].map((temperature) => presetGroup({ temperature }));
    assert.deepEqual(groups, [
      'classic 0.0',
      'classic 0.0',
      'classic 0.2',
      'classic 0.4',
      'classic 0.4',
      'classic 0.6',
      'classic 2.0',
    ]);
    const { min, max } = STORY_BOUNDS.temperature;
    const all = new Set<string>();
    for (let hundredths = min * 100; hundredths <= max * 100; hundredths++) {
      for (const preset of PRESETS) all.add(presetGroup({ preset, temperature: hundredths / 100 }));
    }
    assert.equal(all.size, 14);
  });

  it('has a share with Wilson’s interval', () => {
    assert.equal(likedShare(0, 0), undefined);
    const rounded = (liked: number, disliked: number) =>
      Object.values(likedShare(liked, disliked)!).map((number) => Math.round(number * 10_000) / 10_000);
    // 81 of 263: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert.deepEqual(rounded(5, 5), [0.5, 0.2366, 0.7634]);
    assert.deepEqual(rounded(81, 182), [0.308, 0.2553, 0.3662]);
    assert.deepEqual(rounded(0, 10), [0, 0, 0.2775]);
    assert.deepEqual(rounded(10, 0), [1, 0.7225, 1]);
    assert.equal(likedShare(347, 0)!.high, 1);
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), (liked, disliked) => {
        const { share = 0, low = 0, high = 1 } = likedShare(liked, disliked) ?? {};
        assert.ok(0 <= low && low <= share && share <= high && high <= 1);
      }),
    );
  });
});
