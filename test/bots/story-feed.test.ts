import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aboutDuration, Pace, waitingLines } from '../../src/bots/story-feed.ts';

/** Words of four letters: a space at every fifth character. */
const TEXT = 'word '.repeat(400);

describe('Pace', () => {
  it('reveals characters at a fixed rate, in whole words, after a prompt that takes no time', () => {
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

  it('does not catch up for time in which there was no text to show', () => {
    let now = 0;
    const pace = new Pace(100, 0, () => now);
    pace.reveal('word word', 0);
    now = 60_000;
    assert.equal(pace.reveal('word word', 0), 'word word');
    assert.ok(pace.reveal(TEXT, 0).length <= 9);
    now = 60_500;
    assert.ok(pace.reveal(TEXT, 0).length <= 59);
  });

  it('continues from the text already shown', () => {
    let now = 0;
    const pace = new Pace(100, 500, () => now);
    assert.equal(pace.reveal(TEXT, 0).length, 499);
    now = 1_000;
    assert.equal(pace.reveal(TEXT, 0).length, 599);
  });

  it('does not go back for a text that is shorter than the text shown', () => {
    let now = 0;
    const pace = new Pace(100, 500, () => now);
    pace.reveal(TEXT.slice(0, 20), 0);
    now = 250;
    assert.equal(pace.reveal(TEXT, 0).length, 524);
  });

  it('reveals as much in many calls as in few, and treats a line end as the end of a word', () => {
    const lines = TEXT.replaceAll(' ', '\n');
    for (const step of [1, 7, 250, 3_000]) {
      let now = 0;
      const pace = new Pace(120, 0, () => now);
      let shown = pace.reveal(lines, 10);
      while (now < 6_000) {
        now = Math.min(now + step, 6_000);
        shown = pace.reveal(lines, 10);
      }
      // 10 and 6 s of 120 are 730 characters; a floating-point sum may be slightly lower.
      assert.equal(shown.length, 729, `in steps of ${step} ms`);
    }
  });

  it('adds no delay for a prompt, however long or late', () => {
    let now = 0;
    const pace = new Pace(100, 0, () => now);
    assert.equal(pace.reveal('word', 1_000), 'word');
    assert.equal(new Pace(100, 0, () => 0).reveal(TEXT, 7), 'word wo', 'nor cut off its last word');
    assert.equal(pace.reveal(TEXT, 1_000), TEXT.slice(0, 999));
    now = 1_000;
    assert.equal(pace.reveal(TEXT, 1_000), TEXT.slice(0, 1_099));
  });

  it('shows the whole text at once at pace 0', () => {
    assert.equal(new Pace(0, 0, () => 0).reveal(TEXT, 0), TEXT);
  });

  it('rejects an invalid pace', () => {
    for (const wrong of [-1, Number.NaN]) assert.throws(() => new Pace(wrong, 0, () => 0), /Expected a pace/);
  });

  it('only ever extends the text shown', () => {
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

describe('the estimated wait', () => {
  it('is missing without a measured speed, and follows the position and the speed of the workers', async () => {
    let now = 0;
    let perStoryMs: number | undefined;
    let loads = 0;
    const stories = {
      status: () => ({ phase: 'ready', loaded: 1 }) as const,
      load: async () => {
        loads++;
        return { first: 0, waiting: 9, running: 4 };
      },
      expectedWaitMs: (waiting: number, running: number) =>
        perStoryMs && (waiting + running / 2) * perStoryMs,
    };
    const lineOf = waitingLines(stories, () => now);
    assert.equal(await lineOf({ position: 8 }), '8th in the queue');
    perStoryMs = 2_000;
    assert.equal(await lineOf({ position: 8 }), '8th in the queue, about 20 seconds');
    assert.equal(await lineOf({ position: 1 }), 'Next in the queue, about 10 seconds');
    assert.equal(loads, 1, 'one count for all replies');
    now = 1_000;
    await lineOf({ position: 1 });
    assert.equal(loads, 2);
    assert.equal(await lineOf({ position: null }), 'Waiting for the computer…');
    assert.equal(await lineOf({ position: null, afterOwn: true }), 'Begins when your other story is done');
  });

  it('is missing while the queue cannot be counted', async () => {
    const stories = {
      status: () => ({ phase: 'loading', loaded: 0.4 }) as const,
      load: () => Promise.reject(new Error('away')),
      expectedWaitMs: () => 1,
    };
    const line = await waitingLines(stories, () => 0)({ position: 2 });
    assert.equal(line, 'Waking the computer… 40%, 2nd in the queue');
  });

  it('is given in round numbers', () => {
    assert.deepEqual([800, 6_000, 21_000, 58_000, 61_000, 3_600_000].map(aboutDuration), [
      'a few seconds',
      'about 10 seconds',
      'about 25 seconds',
      'about a minute',
      'about 2 minutes',
      'about 60 minutes',
    ]);
  });
});
