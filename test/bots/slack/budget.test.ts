/** The budget of one method in one workspace: never more calls than Slack allows, and final edits first. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { type Budget, Budgets, type Claim, type Priority } from '../../../src/bots/slack/reply/budgets.ts';

const MINUTE_MS = 60_000;
/** Slack's limit of tier 3. */
const ALLOWED = 50;

describe('a budget of calls', () => {
  let now = 0;
  const clock = () => now;

  beforeEach(() => {
    now = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => mock.timers.reset());

  /** Advances time, timers included. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      now += Math.min(50, left);
      mock.timers.tick(Math.min(50, left));
      await Promise.resolve();
    }
  }

  /** The budget of `chat.update` in a workspace without recent requests. */
  function open(): Budget {
    const budget = new Budgets(clock).of('update', 'T1');
    now += MINUTE_MS;
    return budget;
  }

  it('never grants more calls in any minute than Slack allows, for any pattern of requests', async () => {
    const asks = fc.array(
      fc.record({
        waitMs: fc.nat(9_000),
        many: fc.nat(30),
        priority: fc.constantFrom<Priority>('final', 'progress'),
      }),
      { minLength: 1, maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(asks, async (list) => {
        const budget = open();
        const grants: number[] = [];
        const waiting = new Set<Claim>();
        for (const { waitMs, many, priority } of list) {
          for (let i = 0; i < many; i++) waiting.add(budget.claim(priority));
          for (let left = waitMs + 1; left > 0; left -= 500) {
            for (const claim of waiting) {
              if (!claim.isGranted) continue;
              grants.push(now);
              waiting.delete(claim);
            }
            await pass(Math.min(500, left));
          }
        }
        for (const from of grants) {
          const within = grants.filter((at) => at >= from && at < from + MINUTE_MS).length;
          assert.ok(within <= ALLOWED, `${within} calls within a minute`);
        }
        budget.close();
      }),
      { numRuns: 30 },
    );
  });

  it('grants final edits before all progress edits, and progress edits in order', async () => {
    const budget = open();
    const progress = Array.from({ length: 12 }, () => budget.claim('progress'));
    assert.equal(
      progress.filter(({ isGranted }) => isGranted).length,
      6,
      'all but what is kept for last words',
    );
    const finals = Array.from({ length: 4 }, () => budget.claim('final'));
    assert.deepEqual(
      finals.map(({ isGranted }) => isGranted),
      [true, true, false, false],
    );
    await pass(3_200);
    assert.ok(finals.every(({ isGranted }) => isGranted));
    assert.equal(progress[6]!.isGranted, false, 'progress waits until the reserve is there again');
    await pass(4_600);
    assert.deepEqual([progress[6]!.isGranted, progress[7]!.isGranted], [true, false]);
    budget.close();
  });

  it('grants an edit every second and a half to a single story', async () => {
    const budget = open();
    for (let i = 0; i < 8; i++) budget.claim(i < 6 ? 'progress' : 'final');
    let granted = 0;
    for (let i = 0; i < 20; i++) {
      await pass(1_500);
      if (budget.claim('final').isGranted) granted += 1;
    }
    assert.equal(granted, 20);
    budget.close();
  });

  it('makes no call for as long as Slack asks, then fewer, and recovers after a while', async () => {
    const budget = open();
    budget.refused(10_000);
    const claims = Array.from({ length: 60 }, () => budget.claim('final'));
    await pass(10_000);
    assert.equal(claims.filter(({ isGranted }) => isGranted).length, 0);
    await pass(10_000);
    const carefully = claims.filter(({ isGranted }) => isGranted).length;
    assert.ok(carefully >= 4 && carefully <= 6, `${carefully} in the ten seconds after`);
    await pass(2 * MINUTE_MS);
    assert.ok(claims.every(({ isGranted }) => isGranted));
    budget.close();
  });

  it('starts with few calls, because another process may have made calls a moment ago', () => {
    const budget = new Budgets(clock).of('update', 'T1');
    const claims = Array.from({ length: 8 }, () => budget.claim('final'));
    assert.equal(claims.filter(({ isGranted }) => isGranted).length, 3);
    budget.close();
  });

  it('returns a call that was not made', () => {
    const budget = open();
    const claims = Array.from({ length: 8 }, () => budget.claim('final'));
    const next = budget.claim('final');
    assert.equal(next.isGranted, false);
    claims[0]!.giveUp();
    claims[0]!.giveUp();
    assert.equal(next.isGranted, true);
    assert.equal(budget.claim('final').isGranted, false, 'given back twice is given back once');
    budget.close();
  });

  it('limits the number of stories of a workspace that grow at the same time', () => {
    const budgets = new Budgets(clock);
    const growing = Array.from({ length: 8 }, () => budgets.grow('T1'));
    assert.ok(growing.every(Boolean));
    assert.equal(budgets.grow('T1'), undefined);
    assert.ok(budgets.isCrowded('T1') && !budgets.isCrowded('T2'));
    assert.ok(budgets.grow('T2'), 'workspaces do not share');
    growing[0]!();
    growing[0]!();
    assert.ok(budgets.grow('T1'));
    assert.equal(budgets.grow('T1'), undefined);
    assert.equal(budgets.of('update', 'T1'), budgets.of('update', 'T1'));
    assert.notEqual(budgets.of('post', 'T1', 'C1'), budgets.of('post', 'T1', 'C2'));
    budgets.close();
  });
});
