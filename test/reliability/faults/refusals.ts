/** Redis answers, and refuses: for a while it takes nothing, or says nothing. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { REFUSALS, REFUSING_SERVER, type Refusal, refuse } from '../../helpers/redis-refusals.ts';
import { count } from '../counts.ts';
import type { Fault } from '../fault.ts';
import { type Crowd, House } from '../house.ts';

/** As many as for a Redis that is cut off, so that the rows compare. */
const CROWD: Crowd = { page: 4, discord: 3, slack: 3 };
const LATE_COMERS: Crowd = { page: 2, discord: 1, slack: 1 };
/** What a person waits for at most who asks meanwhile. */
const REFUSAL_MS = 6_000;

export function refused(refusal: Refusal, forSeconds: number): Fault {
  return {
    name: `Redis refuses for ${forSeconds} s (${refusal})`,
    how: REFUSALS[refusal],
    async run() {
      const house = await House.open({ redis: REFUSING_SERVER });
      try {
        await Promise.all([house.start('worker', 'worker'), house.start('bots', 'bots')]);
        const first = house.ask(CROWD);
        await first.underWay;
        const end = await refuse(house.redisPort, refusal, forSeconds * 1_000);
        const refusedAt = performance.now();
        const during = house.ask(LATE_COMERS);
        let heardMs = 0;
        during.underWay.then(() => {
          heardMs = performance.now() - refusedAt;
        });
        await sleep(forSeconds * 1_000);
        if (forSeconds * 1_000 > REFUSAL_MS) {
          assert.ok(heardMs > 0 && heardMs < REFUSAL_MS, `told after ${Math.round(heardMs)} ms`);
        }
        await end();
        const fates = [...(await first.fates()), ...(await during.fates())];
        const after = await house.ask(LATE_COMERS).fates();
        assert.equal(count(after).whole, after.length, 'all is well afterwards');
        return count([...fates, ...after]);
      } finally {
        await house.close();
      }
    },
  };
}
