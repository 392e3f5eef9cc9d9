/** Redis: absent, disconnected, restarted. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Crowd, Deployment } from '../../harness/deployment.ts';
import { printed } from '../../helpers/processes.ts';
import { freePort } from '../../helpers/programs.ts';
import type { Cut } from '../../helpers/proxy.ts';
import { count } from '../counts.ts';
import type { Fault } from '../fault.ts';

/** Enough that some stories are active at the fault, and few enough that Slack lets all of them grow. */
const CROWD: Crowd = { page: 4, discord: 3, slack: 3 };
const LATE_COMERS: Crowd = { page: 2, discord: 1, slack: 1 };
/** The longest wait of a user who asks while Redis is away. */
const REFUSAL_MS = 6_000;
/** A job whose end Redis has lost is taken up again after a while. */
const REST_AFTER_LOSS_MS = 12_000;
const WAITING = /waiting for the queue/;

export function absentAtStart(): Fault {
  return {
    name: 'Redis is missing at the start',
    how: 'bots and worker are started first, Redis after both have logged that they wait',
    async run() {
      const deployment = await Deployment.open();
      try {
        await deployment.killRedis();
        const port = await freePort();
        const bots = deployment.spawn('bots', 'bots', { SCIFI_OPERATOR_PORT: String(port) });
        const worker = deployment.spawn('worker', 'worker');
        const other = deployment.spawn('other', 'worker');
        for (const one of [bots, worker, other]) await printed(one, WAITING, 30_000);
        const probe = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
        assert.equal(await probe('/healthz'), 200, 'a process that waits is alive');
        assert.equal(await probe('/readyz'), 503, 'and not ready');
        assert.equal(await other.stop(), 0, 'one that waits goes when it is told to');
        await deployment.startRedis();
        const back = performance.now();
        await printed(bots, /write me a sci-fi: http/, 30_000);
        await printed(worker, /storyteller ready/, 30_000);
        const ms = Math.round(performance.now() - back);
        assert.equal(await probe('/readyz'), 200);
        const counts = count(await deployment.ask(CROWD).fates());
        return { ...counts, remark: `ready ${seconds(ms)} after Redis` };
      } finally {
        await deployment.close();
      }
    },
  };
}

export function cutOff(how: Cut, forSeconds: number): Fault {
  const kind =
    how === 'reset' ? 'connections are reset and refused' : 'no data passes, and connections stay open';
  return {
    name: `Redis is cut off for ${forSeconds} s (${how})`,
    how: `a proxy between all processes and Redis: ${kind}`,
    async run() {
      const deployment = await Deployment.open();
      try {
        await Promise.all([deployment.start('worker', 'worker'), deployment.start('bots', 'bots')]);
        const first = deployment.ask(CROWD);
        await first.underWay;
        await deployment.proxy.cut(how);
        const cutAt = performance.now();
        const during = deployment.ask(LATE_COMERS);
        let heardMs = 0;
        during.underWay.then(() => {
          heardMs = performance.now() - cutAt;
        });
        await sleep(forSeconds * 1_000);
        if (forSeconds * 1_000 > REFUSAL_MS) {
          assert.ok(heardMs > 0 && heardMs < REFUSAL_MS, `told after ${Math.round(heardMs)} ms`);
        }
        await deployment.proxy.mend();
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

export function restarted(data: 'with' | 'without'): Fault {
  const file = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
  return {
    name: `Redis is killed and started again ${data} its data`,
    how:
      data === 'with'
        ? '`kill -9` of a Redis that writes its file once a second, as in `docker-compose.yml`'
        : '`kill -9` of a Redis without persistence',
    async run() {
      const deployment = await Deployment.open({ redis: data === 'with' ? file : [] });
      try {
        await Promise.all([deployment.start('worker', 'worker'), deployment.start('bots', 'bots')]);
        const round = deployment.ask(CROWD);
        await round.underWay;
        await deployment.killRedis();
        await deployment.startRedis();
        const fates = await round.fates(REST_AFTER_LOSS_MS);
        const after = await deployment.ask(LATE_COMERS).fates();
        assert.equal(count(after).whole, after.length, 'all is well afterwards');
        const restored =
          deployment
            .process('bots')
            .output()
            .match(/was put back/g)?.length ?? 0;
        const remark = data === 'without' ? `${restored} replies were restored by the bots` : undefined;
        return { ...count([...fates, ...after]), ...(remark && { remark }) };
      } finally {
        await deployment.close();
      }
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
