import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cooldowns } from '../../src/bots/cooldowns.ts';

const DAY_MS = 24 * 3_600_000;

describe('Cooldowns', () => {
  it('allow one notice per user and day', () => {
    let now = 0;
    const notices = new Cooldowns(DAY_MS, () => now);
    const isDue = (user: string) => notices.tryBegin(user);
    assert.deepEqual([isDue('a'), isDue('a'), isDue('b')], [true, false, true]);
    now = DAY_MS - 1;
    assert.ok(!isDue('a'));
    now = DAY_MS;
    assert.ok(isDue('a'));
    assert.ok(!isDue('a'));
  });

  it('may be shorter for a key, and are not prolonged by an attempt', () => {
    let now = 0;
    const cooldowns = new Cooldowns(DAY_MS, () => now);
    cooldowns.begin('a');
    now = 999;
    assert.ok(!cooldowns.tryBegin('a', 1_000));
    now = 1_000;
    assert.ok(cooldowns.isRunning('a') && !cooldowns.isRunning('a', 1_000));
    assert.ok(cooldowns.tryBegin('a', 1_000));
  });

  it('forget the oldest key when there are too many', () => {
    const cooldowns = new Cooldowns(DAY_MS, () => 0);
    for (let key = 0; key <= 50_000; key++) cooldowns.begin(String(key));
    assert.deepEqual(
      ['0', '1', '50000'].map((key) => cooldowns.isRunning(key)),
      [false, true, true],
    );
  });
});
