/**
 * The queue on every kind of Redis: over TLS with a client certificate, for a user with few permissions, on a
 * cluster of three masters, and through a failover by sentinels in the middle of a story.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { checkRedis } from '../../src/cli/doctor.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { ConnectionSettings, QueueConnection, RedisSecurity } from '../../src/queue/connection.ts';
import { openConnection } from '../../src/queue/open.ts';
import { Settings } from '../../src/queue/settings.ts';
import { fakeStoryteller, gated } from '../fakes/fake-storyteller.ts';
import { openReplies, type RepliesHarness, request } from '../harness/replies.ts';
import {
  freePort,
  REDIS_SERVER,
  skipWithout,
  startRedis,
  temporaryFolder,
  until,
} from '../helpers/programs.ts';
import { makeCertificates, startCluster, startWatched, tlsOptions } from '../helpers/redis-kinds.ts';

const PREFIX = 'kinds';
const SECRET = 'hunter2-of-the-servers';
const SENTINEL_SECRET = 'hunter2-of-the-sentinels';
/**
 * A master that hangs closes no connection: without a message from a sentinel, the client would give it up
 * only after 18 s.
 */
const HEARD_MS = 12_000;
/** Stories that have not ended after this time will not end. */
const LATE_MS = 40_000;
const skip = skipWithout(REDIS_SERVER);
const PRODUCT = REDIS_SERVER.startsWith('valkey') ? 'Valkey' : 'Redis';

function open(
  redisUrl: string,
  redisSecurity: RedisSecurity = {},
  logger = pino({ level: 'silent' }),
): Promise<QueueConnection> {
  const settings: ConnectionSettings = { redisUrl, redisSecurity, dataFolder: '', prefix: PREFIX };
  return openConnection(settings, logger);
}

async function expectStories(harness: RepliesHarness, seeds: readonly number[]): Promise<void> {
  const { storyteller } = fakeStoryteller();
  const asked = Promise.all(seeds.map((seed) => harness.ask(seed)));
  const late = sleep(LATE_MS, undefined, { ref: false }).then(async () => {
    throw new Error(`No end after ${LATE_MS} ms: ${JSON.stringify(await harness.replies.count())}`);
  });
  const ends = await Promise.race([asked, late]);
  for (const [index, seed] of seeds.entries()) {
    const expected = await storyteller.tell(request(seed));
    assert.deepEqual(ends[index], { status: 'finished', ...expected });
  }
}

/** Asserts that every operation of the store of feedback works. */
async function expectVote(connection: QueueConnection): Promise<void> {
  const store = await connection.feedback();
  const [story, group, day] = ['test-one', '[20000,"test"]', 20_000];
  const expiresAt = Date.now() + 60_000;
  const salt = await store.salt(story, 'salt', expiresAt);
  const vote = { story, salt, verdict: 'liked', at: 1, isPress: true, expiresAt, group, day } as const;
  assert.equal(await store.rate({ ...vote, rater: 'ann' }), 'liked');
  assert.equal(await store.rate({ ...vote, rater: 'bob' }), 'liked');
  await store.forget(story, 'bob');
  assert.deepEqual(await store.totals(day), [{ group, verdict: 'liked', votes: 1 }]);
  assert.deepEqual(await store.stories(), [{ story, salt }]);
  await store.remove(story);
  await store.removeOld(Date.now(), day + 1);
  assert.deepEqual(await store.totals(day), []);
}

/** Asserts that nothing can be opened, for a reason, and that no secret is revealed. */
async function expectRefusal(
  url: string,
  reason: RegExp,
  security: RedisSecurity = {},
  code: ErrorCode = 'configuration',
): Promise<void> {
  await assert.rejects(open(url, security), (error: Error & { code?: string }) => {
    assert.match(error.message, reason);
    assert.equal(error.code, code, error.message);
    assert.doesNotMatch(`${error.stack} ${error.cause}`, /hunter2/);
    return true;
  });
}

describe('the queue on kinds of Redis', { timeout: 240_000, concurrency: true }, () => {
  it('over TLS: serves clients whose certificate the CA has signed, and no others', {
    skip: skip || skipWithout('openssl'),
  }, async () => {
    const { folder, remove } = await temporaryFolder();
    const files = await makeCertificates(folder);
    const port = await freePort();
    const redis = await startRedis(tlsOptions(files, port));
    const url = `rediss://localhost:${port}`;
    try {
      const harness = await openReplies(() => open(url, { files }), fakeStoryteller().storyteller);
      await expectStories(harness, [1, 2]);
      await harness.close();
      await expectRefusal(url, /certificate.*Check REDIS_TLS_CA/s);
      // It depends on timing whether the server's reason arrives before it closes the connection.
      await assert.rejects(open(url, { files: { ca: files.ca } }), /cannot be used.*REDIS_TLS_CERT/s);
      await expectRefusal(url, /REDIS_TLS_CA: .*missing\.pem cannot be read/, {
        files: { ca: `${folder}/missing.pem` },
      });
      const plain = `redis://localhost:${port}`;
      await expectRefusal(plain, /Check whether it speaks TLS/, {}, 'queue_unavailable');
    } finally {
      await redis.stop();
      await remove();
    }
  });

  it('for a user with only the permissions of docs/redis.md', { skip }, async () => {
    const rules = ['on', `>${SECRET}`, `~${PREFIX}:*`, '+@all', '-@admin', '-@dangerous', '+info'];
    const redis = await startRedis(['--requirepass', 'of the operator', '--user', 'scifi', ...rules]);
    const url = redis.url.replace('://', `://scifi:${SECRET}@`);
    try {
      const harness = await openReplies(() => open(url), fakeStoryteller().storyteller);
      await expectStories(harness, [3]);
      await harness.sweep();
      await harness.close();
      const connection = await open(url);
      await expectVote(connection);
      await connection.close();
      await expectRefusal(redis.url, /NOAUTH.*Check user and password/s);
      await expectRefusal(url.replace('-of', '-off'), /WRONGPASS.*Check user and password/s);
    } finally {
      await redis.stop();
    }
  });

  it('on a cluster, keeps each queue’s keys on one master, under our prefix', { skip }, async () => {
    const cluster = await startCluster();
    try {
      const connect = () => open(cluster.url);
      const harness = await openReplies(connect, fakeStoryteller().storyteller);
      await expectStories(
        harness,
        Array.from({ length: 12 }, (_, seed) => seed),
      );
      const connection = await connect();
      const settings = new Settings<{ hour: number }>(connection, 'test');
      await settings.write('channel', { hour: 3 });
      assert.deepEqual(await settings.read('channel'), { hour: 3 });
      await settings.close();
      const { underWay } = await connection.limits();
      const groups = [
        { keys: ['a', 'b'], most: 1 },
        { keys: ['c'], most: 9 },
      ];
      assert.deepEqual(await underWay.take('one', groups), { ahead: 0 });
      assert.deepEqual(await underWay.take('two', groups), { full: 0 });
      await expectVote(connection);

      const keys = await Promise.all(cluster.masters.map((master) => master.keys('*')));
      const queues = ['stories', 'replies-test', 'settings-test'].map((queue) => ({
        queue,
        masters: keys.flatMap((found, index) =>
          found.some((key) => key.startsWith(`{${PREFIX}.${queue}}:${queue}:`)) ? [index] : [],
        ),
      }));
      for (const { queue, masters } of queues) assert.equal(masters.length, 1, `${queue} on one master`);
      assert.ok(new Set(queues.flatMap(({ masters }) => masters)).size > 1, 'not all on the same one');
      assert.deepEqual(
        keys.flat().filter((key) => !key.startsWith(`{${PREFIX}.`)),
        [],
      );

      // Story text is in the events of both queues; a minute later it is gone.
      const lengths = () =>
        Promise.all(
          ['stories', 'replies-test'].map((queue) => {
            const { masters } = queues.find((one) => one.queue === queue)!;
            return cluster.masters[masters[0]!]!.xlen(`{${PREFIX}.${queue}}:${queue}:events`);
          }),
        );
      assert.ok((await lengths()).every((length) => length > 12));
      for (const queue of ['stories', 'replies-test']) await connection.deleteEvents(queue, Date.now() + 1);
      assert.deepEqual(await lengths(), [0, 0]);
      await connection.close();
      await harness.close();

      assert.match(
        await checkRedis(cluster.url, { redisSecurity: {}, prefix: 'test' }),
        new RegExp(`^${PRODUCT} \\d.*, a cluster of 3 masters$`),
      );
      const [, port] = /:(\d+)$/.exec(cluster.url)!;
      await expectRefusal(`redis://127.0.0.1:${port}`, /part of a cluster.*redis\+cluster:\/\//);
    } finally {
      await cluster.stop();
    }
  });

  it('keeps the keys of an installation without a cluster', { skip }, async () => {
    const redis = await startRedis();
    const client = new Redis(redis.url);
    try {
      const harness = await openReplies(() => open(redis.url), fakeStoryteller().storyteller);
      await expectStories(harness, [4]);
      await harness.close();
      const keys = await client.keys('*');
      assert.ok(keys.includes(`${PREFIX}:stories:events`));
      assert.deepEqual(
        keys.filter((key) => !key.startsWith(`${PREFIX}:`)),
        [],
      );
      await expectRefusal(redis.url.replace('redis:', 'redis+cluster:'), /It is no cluster/);
      assert.match(
        await checkRedis(redis.url, { redisSecurity: {}, prefix: 'test' }),
        new RegExp(`^${PRODUCT} \\d[\\d.]* answers$`),
      );
      await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await assert.rejects(
        checkRedis(redis.url, { redisSecurity: {}, prefix: 'test' }),
        /\(allkeys-lru\)\. Set maxmemory-policy/,
      );
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  for (const how of ['killed', 'hangs'] as const)
    it(`resumes stories after a failover, when the master ${how === 'hangs' ? 'hangs' : 'was killed'}`, {
      skip,
    }, async () => {
      const watched = await startWatched({ servers: SECRET, sentinels: SENTINEL_SECRET });
      const security = { sentinel: { password: SENTINEL_SECRET } };
      let begun = 0;
      let go = () => {};
      const gate = new Promise<void>((resolve) => {
        go = resolve;
      });
      const logs: string[] = [];
      const logger = pino({ level: 'trace' }, { write: (line) => logs.push(line) });
      try {
        const storyteller = gated(fakeStoryteller().storyteller, () => {
          begun++;
          return gate;
        });
        const harness = await openReplies(() => open(watched.url, security, logger), storyteller);
        const ends = expectStories(harness, [5, 6, 7, 8]);
        await until(() => begun === 4, 'four stories under way');
        await watched.failOver(how);
        go();
        const told = performance.now();
        await ends;
        assert.ok(performance.now() - told < HEARD_MS, 'the sentinels were heard');
        await expectStories(harness, [9]);
        await harness.close();
        assert.doesNotMatch(logs.join(''), /hunter2/);
        await expectRefusal(watched.url, /NOAUTH.*REDIS_SENTINEL_PASSWORD/s);
        await expectRefusal(
          watched.url.replace('storyteller', 'another'),
          /cannot be used/,
          security,
          'queue_unavailable',
        );
      } finally {
        await watched.stop();
      }
    });
});
