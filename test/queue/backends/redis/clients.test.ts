import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { parseRedisUrl } from '../../../../src/queue/backends/redis/address.ts';
import { createClient, readTarget } from '../../../../src/queue/backends/redis/clients.ts';
import { REDIS_SERVER, skipWithout, startRedis } from '../../../helpers/programs.ts';

const COMMANDS = 100;

describe('a client of Redis', { skip: skipWithout(REDIS_SERVER) }, () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let client: Redis;

  before(async () => {
    redis = await startRedis();
    client = createClient(await readTarget(parseRedisUrl(redis.url)), { queueOffline: true }) as Redis;
  });

  after(async () => {
    client.disconnect();
    await redis.stop();
  });

  /** How often Redis has read from its connections. */
  async function reads(): Promise<number> {
    return Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  }

  it('sends the commands of one moment together, in their order', async () => {
    const duplicate = client.duplicate();
    for (const each of [client, duplicate]) {
      await each.ping();
      const before = await reads();
      const counts = await Promise.all(Array.from({ length: COMMANDS }, () => each.incr('count')));
      // The other read is that of the second `INFO`.
      assert.ok((await reads()) - before < COMMANDS / 10);
      assert.deepEqual(
        counts,
        Array.from({ length: COMMANDS }, (_, index) => counts[0]! + index),
      );
    }
    duplicate.disconnect();
  });

  it('sends a command after a reconnection', async () => {
    const reconnected = new Promise((resolve) => client.once('close', () => client.once('ready', resolve)));
    const [killed] = await Promise.allSettled([
      client.call('CLIENT', 'KILL', 'ID', String(await client.client('ID')), 'SKIPME', 'no'),
      client.incr('count'),
    ]);
    assert.ok(killed);
    await reconnected;
    assert.equal(await client.ping(), 'PONG');
  });
});
