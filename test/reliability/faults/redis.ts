/** Redis: absent, disconnected, restarted. */
import assert from 'node:assert/strict';
import { Deployment } from '../../harness/deployment.ts';
import { printed } from '../../helpers/processes.ts';
import { freePort } from '../../helpers/programs.ts';
import type { Cut } from '../../helpers/proxy.ts';
import { count } from '../counts.ts';
import type { Fault } from '../fault.ts';
import { CROWD, countAndAskAgain, outlived } from './outage.ts';

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
    run: () =>
      outlived([], forSeconds, async (deployment) => {
        await deployment.proxy.cut(how);
        return () => deployment.proxy.mend();
      }),
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
        const counts = await countAndAskAgain(deployment, await round.fates(REST_AFTER_LOSS_MS));
        const restored =
          deployment
            .process('bots')
            .output()
            .match(/was put back/g)?.length ?? 0;
        const remark = data === 'without' ? `${restored} replies were restored by the bots` : undefined;
        return { ...counts, ...(remark && { remark }) };
      } finally {
        await deployment.close();
      }
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
