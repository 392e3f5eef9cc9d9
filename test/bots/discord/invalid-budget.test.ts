import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallsSuspended, InvalidBudget } from '../../../src/bots/discord/invalid-budget.ts';

/** Calls as often as it may, once a tick; returns how many were made. */
function call(budget: InvalidBudget, ticks: number, status: number, tick: () => void): number {
  let made = 0;
  for (let index = 0; index < ticks; index++) {
    tick();
    try {
      budget.admit();
      made += 1;
      budget.note(status);
    } catch (error) {
      assert.ok(error instanceof CallsSuspended);
    }
  }
  return made;
}

describe('the budget of invalid calls', () => {
  it('is spent soon when every call is refused, and then only probed', () => {
    for (const status of [401, 403, 429]) {
      let now = 0;
      const budget = new InvalidBudget(() => now);
      // Two minutes at a hundred calls a second.
      const made = call(budget, 12_000, status, () => {
        now += 10;
      });
      assert.ok(made >= 30 && made < 50, `${made} calls`);
    }
  });

  it('is whole again after some good answers', () => {
    let now = 0;
    const budget = new InvalidBudget(() => now);
    const tick = () => {
      now += 1_000;
    };
    call(budget, 40, 403, tick);
    assert.ok(budget.isSpent);
    call(budget, 60, 200, tick);
    assert.ok(!budget.isSpent);
    assert.equal(call(budget, 100, 200, tick), 100);
  });

  it('grows with a bot, and forgets after ten minutes', () => {
    let now = 0;
    const budget = new InvalidBudget(() => now);
    call(budget, 100_000, 200, () => {});
    assert.equal(
      call(budget, 150, 403, () => {}),
      150,
    );
    assert.ok(!budget.isSpent);
    now = 12 * 60_000;
    call(budget, 29, 403, () => {});
    assert.ok(!budget.isSpent);
    call(budget, 1, 403, () => {});
    assert.ok(budget.isSpent);
  });
});
