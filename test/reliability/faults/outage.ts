/** An outage of Redis, with users who ask before, during and after it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Crowd, Deployment } from '../../harness/deployment.ts';
import { type Counts, count, type Fate } from '../counts.ts';

/** Enough that some stories are active at the fault, and few enough that Slack lets all of them grow. */
export const CROWD: Crowd = { page: 4, discord: 3, slack: 3 };
const LATE_COMERS: Crowd = { page: 2, discord: 1, slack: 1 };
/** The longest wait of a user who asks during an outage. */
const REFUSAL_MS = 6_000;

/**
 * Lets users ask before, during and after an outage.
 *
 * @param redis further arguments of `redis-server`
 * @param begin begins the outage; returns the function that ends it
 */
export async function outlived(
  redis: readonly string[],
  forSeconds: number,
  begin: (deployment: Deployment) => Promise<() => Promise<void>>,
): Promise<Counts> {
  const deployment = await Deployment.open({ redis });
  try {
    await Promise.all([deployment.start('worker', 'worker'), deployment.start('bots', 'bots')]);
    const first = deployment.ask(CROWD);
    await first.underWay;
    const end = await begin(deployment);
    const begunAt = performance.now();
    const during = deployment.ask(LATE_COMERS);
    let heardMs = 0;
    during.underWay.then(() => {
      heardMs = performance.now() - begunAt;
    });
    await sleep(forSeconds * 1_000);
    if (forSeconds * 1_000 > REFUSAL_MS) {
      assert.ok(heardMs > 0 && heardMs < REFUSAL_MS, `told after ${Math.round(heardMs)} ms`);
    }
    await end();
    return await countAndAskAgain(deployment, [...(await first.fates()), ...(await during.fates())]);
  } finally {
    await deployment.close();
  }
}

/** The outcomes of a fault, and of further users, all of whom have to receive their stories. */
export async function countAndAskAgain(deployment: Deployment, fates: readonly Fate[]): Promise<Counts> {
  const after = await deployment.ask(LATE_COMERS).fates();
  assert.equal(count(after).whole, after.length, 'all is well afterwards');
  return count([...fates, ...after]);
}
