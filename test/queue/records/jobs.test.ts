/** Jobs that drive records, on Redis and embedded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { type RecordDriver, RecordJobs } from '../../../src/queue/records/jobs.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';
import { PATIENCE_MS, until } from '../../helpers/programs.ts';

const LONG_MS = 3_600_000;
const logger = pino({ level: 'silent' });

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`jobs of records, ${name}`, { skip, timeout: 180_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let runs = 0;

    before(async () => {
      backend = await start();
      connection = await backend.connect();
    });
    after(() => backend.stop());

    async function withJobs(
      use: (opened: {
        readonly jobs: RecordJobs;
        readonly name: string;
        readonly givenUp: readonly string[];
        readonly work: (drive: RecordDriver['drive']) => void;
      }) => Promise<void>,
    ): Promise<void> {
      runs += 1;
      const name = `records${runs}`;
      const givenUp: string[] = [];
      const isUnfinished = async (id: string) => !givenUp.includes(id);
      const giveUp = async (id: string) => void givenUp.push(id);
      const jobs = new RecordJobs(connection, name, isUnfinished, logger);
      try {
        await jobs.ready();
        await use({ jobs, givenUp, name, work: (drive) => jobs.work({ drive, giveUp }) });
      } finally {
        await jobs.close();
      }
    }

    it('goes on when a step is due, or earlier when it is woken, until nothing is left', async () => {
      await withJobs(async ({ jobs, work }) => {
        const turns: number[] = [];
        const waits = [20, LONG_MS, undefined];
        work(async () => {
          turns.push(Date.now());
          return waits[turns.length - 1];
        });
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

    it('tries a step again, and gives a record up when all attempts have failed', async () => {
      await withJobs(async ({ jobs, givenUp, name, work }) => {
        let failures = 0;
        work(async (id) => {
          failures += 1;
          if (id === 'two' && failures === 2) return undefined;
          throw new Error('refused');
        });
        await jobs.add('two');
        await until(() => failures === 2, 'the second attempt', PATIENCE_MS);
        assert.equal(givenUp.length, 0);
        const queue = connection.queue(name);
        await queue.add('record' as never, {} as never, { jobId: 'three', attempts: 1 });
        await queue.close();
        await until(() => givenUp.includes('three'), 'its end', PATIENCE_MS);
        assert.equal(await jobs.hasFailed('three'), true);
        await jobs.removeOlderThan(-1_000);
        assert.equal(await jobs.hasFailed('three'), false);
      });
    });

    it('takes up what a lost process left: without a job, and not given up', async () => {
      await withJobs(async ({ jobs, givenUp, name, work }) => {
        const queue = connection.queue(name);
        await queue.add('record' as never, {} as never, { jobId: 'four', attempts: 1 });
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
        const driven: string[] = [];
        work(async (id) => {
          driven.push(id);
          return undefined;
        });
        await jobs.restore('four');
        assert.deepEqual(givenUp, ['four']);
        await jobs.restore('four');
        assert.deepEqual(givenUp, ['four'], 'once');
        await jobs.restore('five');
        await until(() => driven.join() === 'five', 'its job', PATIENCE_MS);
      });
    });
  });
}
