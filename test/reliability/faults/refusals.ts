/** Redis answers with refusals: for a while it accepts no writes, or gives no data. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Crowd, Deployment } from '../../harness/deployment.ts';
import { printed } from '../../helpers/processes.ts';
import { REFUSALS, REFUSING_SERVER, type Refusal, refuse } from '../../helpers/redis-refusals.ts';
import { count } from '../counts.ts';
import type { Fault } from '../fault.ts';

/** As many as for a disconnected Redis, so that the rows compare. */
const CROWD: Crowd = { page: 4, discord: 3, slack: 3 };
const LATE_COMERS: Crowd = { page: 2, discord: 1, slack: 1 };
/** The longest wait of a user who asks meanwhile. */
const REFUSAL_MS = 6_000;
/** Longer than three attempts at a reply take, one after the other. */
const UNNOTICED_MS = 3_000;
const START_MS = 30_000;
const WAITING = /waiting for the queue.*OOM|OOM.*waiting for the queue/;

export function refused(refusal: Refusal, forSeconds: number): Fault {
  return {
    name: `Redis refuses for ${forSeconds} s (${refusal})`,
    how: REFUSALS[refusal],
    async run() {
      const deployment = await Deployment.open({ redis: REFUSING_SERVER });
      try {
        await Promise.all([deployment.start('worker', 'worker'), deployment.start('bots', 'bots')]);
        const first = deployment.ask(CROWD);
        await first.underWay;
        const end = await refuse(deployment.redisPort, refusal, forSeconds * 1_000);
        const refusedAt = performance.now();
        const during = deployment.ask(LATE_COMERS);
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
        const after = await deployment.ask(LATE_COMERS).fates();
        assert.equal(count(after).whole, after.length, 'all is well afterwards');
        return count([...fates, ...after]);
      } finally {
        await deployment.close();
      }
    },
  };
}

/** All processes are lost while Redis refuses, and restarted before it serves. */
export function restartedMeanwhile(): Fault {
  const refusal = 'OOM';
  return {
    name: `Redis refuses (${refusal}), and all processes are killed and started again during the refusal`,
    how: `${REFUSALS[refusal]}; \`kill -9\` in the middle of stories, and a start that has to wait`,
    async run() {
      const deployment = await Deployment.open({ redis: REFUSING_SERVER });
      try {
        await Promise.all([deployment.start('worker', 'worker'), deployment.start('bots', 'bots')]);
        const round = deployment.ask(CROWD);
        await round.underWay;
        const end = await refuse(deployment.redisPort, refusal, START_MS);
        await sleep(UNNOTICED_MS);
        await Promise.all([deployment.process('worker').kill(), deployment.process('bots').kill()]);
        const worker = deployment.spawn('worker', 'worker');
        const bots = deployment.spawn('bots', 'bots');
        for (const one of [bots, worker]) await printed(one, WAITING, START_MS);
        await end();
        await printed(bots, /write me a sci-fi: http/, START_MS);
        await printed(worker, /storyteller ready/, START_MS);
        const fates = await round.fates();
        const after = await deployment.ask(LATE_COMERS).fates();
        assert.equal(count(after).whole, after.length, 'all is well afterwards');
        return count([...fates, ...after]);
      } finally {
        await deployment.close();
      }
    },
  };
}
