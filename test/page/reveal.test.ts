import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LAG_LIMIT_MS, Reveal } from '../../src/page/reveal.ts';

test('text that arrives at once is revealed in steps, and in time', () => {
  const reveal = new Reveal('It');
  reveal.aim(`It${'x'.repeat(100)}`, 1_000);
  assert.equal(reveal.at(1_000), 'It');
  const half = reveal.at(1_000 + LAG_LIMIT_MS / 2).length;
  assert.ok(half > 40 && half < 60, `${half}`);
  assert.ok(!reveal.done);
  assert.equal(reveal.at(1_000 + LAG_LIMIT_MS).length, 102);
  assert.ok(reveal.done);
});

test('a shorter or diverging text keeps the common prefix', () => {
  const reveal = new Reveal('alpha beta');
  reveal.aim('alpha', 0);
  assert.equal(reveal.at(1), 'alpha');
  reveal.aim('alps', 2);
  assert.equal(reveal.at(2), 'alp');
  assert.equal(reveal.finish(), 'alps');
});

test('no half of a surrogate pair is ever shown', () => {
  const reveal = new Reveal();
  reveal.aim('😀'.repeat(50), 0);
  for (let ms = 0; ms <= LAG_LIMIT_MS; ms += 7) assert.doesNotMatch(reveal.at(ms), /\p{Surrogate}/u);
});

test('the delay never exceeds the limit, for any arrival times', () => {
  const arrivals = fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 300 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(arrivals, (steps) => {
      const reveal = new Reveal();
      const due: { length: number; byMs: number }[] = [];
      let [nowMs, length, shown] = [0, 0, 0];
      const check = () => {
        const seen = reveal.at(nowMs).length;
        assert.ok(seen >= shown, 'shown text never shrinks');
        shown = seen;
        for (const one of due) assert.ok(one.byMs > nowMs || seen >= one.length, `${seen} of ${one.length}`);
      };
      for (const [afterMs, more] of steps) {
        nowMs += afterMs;
        check();
        length += more;
        reveal.aim('x'.repeat(length), nowMs);
        due.push({ length, byMs: nowMs + LAG_LIMIT_MS + 1 });
      }
      nowMs += LAG_LIMIT_MS + 1;
      check();
      assert.ok(reveal.done);
    }),
  );
});
