/** Jobs that drive what is written together, on Redis and embedded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { DrivenJobs, type Driver } from '../../src/queue/driven-jobs.ts';
import { ALL_BACKENDS, type Backend } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const PATIENCE_MS = 30_000;
const LONG_MS = 3_600_000;
const logger = pino({ level: 'silent' });

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`driven jobs, ${name}`, { skip, timeout: 180_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let runs = 0;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
    });
    after(() => backend.stop());

    async function withJobs(
      use: (jobs: DrivenJobs, givenUp: readonly string[], name: string) => Promise<void>,
    ): Promise<void> {
      runs += 1;
      const name = `driven${runs}`;
      const givenUp: string[] = [];
      const isUnfinished = async (id: string) => !givenUp.includes(id);
      const giveUp = async (id: string) => void givenUp.push(id);
      const jobs = new DrivenJobs({ connection, name, isUnfinished, giveUp, logger });
      try {
        await jobs.ready();
        await use(jobs, givenUp, name);
      } finally {
        await jobs.close();
      }
    }

    it('goes on when a step is due, or earlier when it is woken, until nothing is left', async () => {
      await withJobs(async (jobs) => {
        const turns: number[] = [];
        const waits = [20, LONG_MS, undefined];
        const drive: Driver = async () => {
          turns.push(Date.now());
          return waits[turns.length - 1];
        };
        jobs.work(drive);
        await Promise.all([jobs.add('one'), jobs.add('one')]);
        await until(() => turns.length === 2, 'the second turn', PATIENCE_MS);
        assert.ok(turns[1]! - turns[0]! >= 19, 'not before it is due');
        await jobs.wake('one');
        await until(() => turns.length === 3, 'the third turn', PATIENCE_MS);
        await until(async () => (await jobs.count()).active === 0, 'the end', PATIENCE_MS);
        assert.equal(
          Object.values(await jobs.count()).reduce((sum, jobs) => sum + jobs, 0),
          0,
        );
      });
    });

    it('tries a step again, and gives a thing up when all attempts have failed', async () => {
      await withJobs(async (jobs, givenUp, name) => {
        let failures = 0;
        jobs.work(async ({ id }) => {
          failures += 1;
          if (id === 'two' && failures === 2) return undefined;
          throw new Error('refused');
        });
        await jobs.add('two');
        await until(() => failures === 2, 'the second attempt', PATIENCE_MS);
        assert.equal(givenUp.length, 0);
        const queue = connection.queue(name);
        await queue.add('drive' as never, {} as never, { jobId: 'three', attempts: 1 });
        await queue.close();
        await until(() => givenUp.includes('three'), 'its end', PATIENCE_MS);
        assert.equal(await jobs.hasFailed('three'), true);
        await jobs.removeOlderThan(-1_000);
        assert.equal(await jobs.hasFailed('three'), false);
      });
    });

    it('takes up what a lost process left: without a job, and not given up', async () => {
      await withJobs(async (jobs, givenUp, name) => {
        const queue = connection.queue(name);
        await queue.add('drive' as never, {} as never, { jobId: 'four', attempts: 1 });
        const lost = connection.worker(
          name,
          async () => {
            throw new Error('lost');
          },
          {},
        );
        await until(() => jobs.hasFailed('four'), 'its failure', PATIENCE_MS);
        await lost.close();
        await queue.close();
        await jobs.restore('four');
        assert.deepEqual(givenUp, ['four']);
        await jobs.restore('four');
        assert.deepEqual(givenUp, ['four'], 'once');

        const driven: string[] = [];
        jobs.work(async ({ id }) => {
          driven.push(id);
          return undefined;
        });
        await jobs.restore('five');
        await until(() => driven.join() === 'five', 'its job', PATIENCE_MS);
      });
    });
  });
}
