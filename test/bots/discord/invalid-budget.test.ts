import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallsSuspended, InvalidBudget } from '../../../src/bots/discord/invalid-budget.ts';

/** Makes a call in every tick that permits one; returns the number of calls. */
async function call(budget: InvalidBudget, ticks: number, status: number, tick: () => void): Promise<number> {
  let made = 0;
  for (let index = 0; index < ticks; index++) {
    tick();
    await budget
      .spend(async () => ({ status, number: ++made }))
      .catch((error) => {
        assert.ok(error instanceof CallsSuspended);
      });
  }
  return made;
}

describe('the budget of invalid calls', () => {
  it('is exhausted soon when every call is refused, and then allows probes only', async () => {
    for (const status of [401, 403, 429]) {
      let now = 0;
      const budget = new InvalidBudget(() => now, 30);
      // Two minutes at a hundred calls a second.
      const made = await call(budget, 12_000, status, () => {
        now += 10;
      });
      assert.ok(made >= 30 && made < 50, `${made} calls`);
    }
  });

  it('is restored after several successful calls', async () => {
    let now = 0;
    const budget = new InvalidBudget(() => now, 30);
    const tick = () => {
      now += 1_000;
    };
    await call(budget, 40, 403, tick);
    assert.ok(budget.isSpent);
    await call(budget, 60, 200, tick);
    assert.ok(!budget.isSpent);
    assert.equal(await call(budget, 100, 200, tick), 100);
  });

  it('grows with the bot, and drops calls older than ten minutes', async () => {
    let now = 0;
    const budget = new InvalidBudget(() => now, 30);
    await call(budget, 50_000, 200, () => {});
    assert.equal(await call(budget, 90, 403, () => {}), 90);
    assert.ok(!budget.isSpent);
    now = 12 * 60_000;
    await call(budget, 29, 403, () => {});
    assert.ok(!budget.isSpent);
    await call(budget, 1, 403, () => {});
    assert.ok(budget.isSpent);
  });

  it('is not exceeded by concurrent calls', async () => {
    const budget = new InvalidBudget(() => 0, 30);
    let made = 0;
    const crowd = () =>
      Promise.allSettled(
        Array.from({ length: 10 }, () =>
          budget.spend(async () => {
            made += 1;
            await sleep(1);
            return { status: 403 };
          }),
        ),
      );
    for (let round = 0; round < 20; round++) await crowd();
    assert.ok(made >= 30 && made <= 32, `${made} calls`);
  });
});
