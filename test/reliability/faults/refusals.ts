/** Redis answers with refusals: for a while it accepts no writes, or gives no data. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Deployment } from '../../harness/deployment.ts';
import { printed } from '../../helpers/processes.ts';
import { REFUSALS, REFUSING_SERVER, type Refusal, refuse } from '../../helpers/redis-refusals.ts';
import type { Fault } from '../fault.ts';
import { CROWD, countAndAskAgain, outlived } from './outage.ts';

/** Longer than three attempts at a reply take, one after the other. */
const UNNOTICED_MS = 3_000;
const START_MS = 30_000;
const WAITING = /waiting for the queue.*OOM|OOM.*waiting for the queue/;

export function refused(refusal: Refusal, forSeconds: number): Fault {
  return {
    name: `Redis refuses for ${forSeconds} s (${refusal})`,
    how: REFUSALS[refusal],
    run: () =>
      outlived(REFUSING_SERVER, forSeconds, ({ redisPort }) =>
        refuse(redisPort, refusal, forSeconds * 1_000),
      ),
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
        return await countAndAskAgain(deployment, await round.fates());
      } finally {
        await deployment.close();
      }
    },
  };
}
