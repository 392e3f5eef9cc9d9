import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Pace } from '../../src/bots/pace.ts';

/** Words of four letters: a space at every fifth character. */
const TEXT = 'word '.repeat(400);

describe('Pace', () => {
  it('reveals so many characters a second, in whole words, after a prompt that costs no time', () => {
    let now = 0;
    const pace = new Pace(100, 0, () => now);
    assert.equal(pace.reveal(TEXT, 20).length, 19, 'the prompt');
    now = 1_000;
    assert.equal(pace.reveal(TEXT, 20).length, 119);
    now = 1_012;
    assert.equal(pace.reveal(TEXT, 20).length, 119, 'no part of a word');
    now = 1_050;
    assert.equal(pace.reveal(TEXT, 20).length, 124);
  });

  it('does not make up for time in which there was nothing to show', () => {
    let now = 0;
    const pace = new Pace(100, 0, () => now);
    pace.reveal('word word', 0);
    now = 60_000;
    assert.equal(pace.reveal('word word', 0), 'word word');
    assert.ok(pace.reveal(TEXT, 0).length <= 9);
    now = 60_500;
    assert.ok(pace.reveal(TEXT, 0).length <= 59);
  });

  it('goes on from what was shown', () => {
    const pace = new Pace(100, 500, () => 0);
    assert.equal(pace.reveal(TEXT, 0).length, 499);
  });

  it('shows everything at once at 0', () => {
    assert.equal(new Pace(0, 0, () => 0).reveal(TEXT, 0), TEXT);
  });

  it('refuses a pace that is none', () => {
    for (const wrong of [-1, Number.NaN]) assert.throws(() => new Pace(wrong, 0, () => 0), /Expected a pace/);
  });

  it('only ever shows more of the same text', () => {
    const steps = fc.array(fc.tuple(fc.nat(3_000), fc.nat(60)), { maxLength: 40 });
    fc.assert(
      fc.property(steps, fc.nat(1_000), (all, rate) => {
        let now = 0;
        let length = 0;
        let shown = '';
        const pace = new Pace(rate, 0, () => now);
        for (const [ms, words] of all) {
          now += ms;
          // Snapshots end with a whole word.
          length = Math.min(TEXT.length, length + 5 * words);
          const revealed = pace.reveal(TEXT.slice(0, length).trimEnd(), 10);
          assert.ok(revealed.startsWith(shown), `${shown.length} -> ${revealed.length}`);
          shown = revealed;
        }
      }),
    );
  });
});
