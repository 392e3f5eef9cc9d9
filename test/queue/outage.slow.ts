/** The queue answers with refusals: active work waits and resumes, and work that still fails is ended. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type ReplySurface, replyWithStory } from '../../src/bots/reply-loop.ts';
import { StoryError } from '../../src/errors.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { awaitConnection, openConnection } from '../../src/queue/open.ts';
import { isOutage } from '../../src/queue/outage.ts';
import { Replies } from '../../src/queue/replies.ts';
import type { ReplyTask } from '../../src/queue/reply-worker.ts';
import { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState } from '../../src/story/story.ts';
import { fakeStoryteller } from '../fakes/fake-storyteller.ts';
import { request } from '../harness/replies.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { refuseEmbedded } from '../helpers/embedded-refusals.ts';
import { REDIS_SERVER, skipWithout, startRedis, until } from '../helpers/programs.ts';
import { startCluster } from '../helpers/redis-kinds.ts';
import { REFUSALS, REFUSING_SERVER, type Refusal, refuse } from '../helpers/redis-refusals.ts';

const logger = pino({ level: 'silent' });
const skip = skipWithout(REDIS_SERVER);
/** Characters per second: a story takes two seconds. */
const PACE = 400;
/** Longer than three attempts take, one after the other. */
const REFUSAL_MS = 3_000;

/** Has one story written, and calls a function while it grows. */
async function tellThrough(connection: QueueConnection, happen: () => Promise<void>): Promise<void> {
  const stories = new Stories(connection);
  await stories.ready();
  const { storyteller } = fakeStoryteller();
  const writer = new StoryWorker({
    connection,
    stories,
    logger,
    storyteller: () => storyteller,
    concurrency: 4,
  });
  const replies = new Replies<null>(connection, 'refused', logger);
  await Promise.all([replies.ready(), writer.ready()]);
  replies.work((task) => {
    const clock = () => performance.now();
    return replyWithStory(task, `refused-${task.id}`, { stories, pace: PACE, clock });
  }, 4);
  try {
    const id = randomUUID();
    await replies.submit(id, request(7), null);
    const states: ReplyState[] = [];
    await replies.follow(id, (state) => states.push(state));
    const lengths = () => states.flatMap((state) => ('text' in state ? [state.text.length] : []));
    await until(() => lengths().some((length) => length > 100), 'it to grow');
    await happen();
    const isOver = ({ status }: ReplyState) => status === 'finished' || status === 'failed';
    const end = await until(() => states.find(isOver), 'its end');
    assert.deepEqual(end, { status: 'finished', ...(await storyteller.tell(request(7))) });
    const grown = lengths();
    assert.deepEqual(
      grown,
      grown.toSorted((a, b) => a - b),
      'it never shrinks',
    );
  } finally {
    await writer.close();
    await replies.close();
    await storyteller.close();
    await stories.close();
  }
}

/** Refuses for a while. */
async function passing(begin: () => Promise<() => Promise<void>>): Promise<void> {
  const end = await begin();
  await sleep(REFUSAL_MS);
  await end();
}

describe('an active reply', { timeout: 300_000 }, () => {
  for (const refusal of Object.keys(REFUSALS) as Refusal[]) {
    it(`waits while Redis refuses with ${refusal}, and resumes`, { skip }, async () => {
      const redis = await startRedis(REFUSING_SERVER);
      const settings = { redisUrl: redis.url, dataFolder: '', prefix: 'test' };
      const connection = await openConnection(settings, logger);
      try {
        await tellThrough(connection, () => passing(() => refuse(redis.port, refusal, REFUSAL_MS)));
      } finally {
        await connection.close();
        await redis.stop();
      }
    });
  }

  it('waits while the masters of a cluster refuse with OOM, and resumes', { skip }, async () => {
    const cluster = await startCluster();
    const settings = { redisUrl: cluster.url, dataFolder: '', prefix: 'test' };
    const connection = await openConnection(settings, logger);
    const setMemory = (most: string) =>
      Promise.all(cluster.masters.map((master) => master.config('SET', 'maxmemory', most)));
    try {
      await tellThrough(connection, () =>
        passing(async () => {
          await setMemory('1');
          return async () => void (await setMemory('0'));
        }),
      );
    } finally {
      await connection.close();
      await cluster.stop();
    }
  });

  it('waits while the embedded database is full, and resumes', async () => {
    const { folder, remove } = await embeddedFolder();
    const settings = { redisUrl: undefined, dataFolder: folder, prefix: '' };
    const connection = await openConnection(settings, logger);
    try {
      await tellThrough(connection, () => passing(() => refuseEmbedded(connection)));
    } finally {
      await connection.close();
      await remove();
    }
  });
});

describe('a starting process', { skip }, () => {
  it('waits for a Redis that refuses writes, and reports why', async () => {
    const redis = await startRedis();
    const settings = { redisUrl: redis.url, dataFolder: '', prefix: 'test' };
    const end = await refuse(redis.port, 'OOM', REFUSAL_MS);
    let isOpen = false;
    try {
      await assert.rejects(openConnection(settings, logger), (error: StoryError) => {
        assert.equal(error.code, 'queue_unavailable');
        assert.match(error.message, /cannot be used \(OOM .*\)\. Give it more memory/);
        return true;
      });
      const opening = awaitConnection(settings, logger).then(async (connection) => {
        isOpen = true;
        await connection.close();
      });
      await sleep(500);
      assert.equal(isOpen, false);
      await end();
      await opening;
    } finally {
      await redis.stop();
    }
  });
});

for (const { name, skip: skipBackend, start } of BACKENDS) {
  describe(`a reply that fails at every attempt, on ${name}`, { skip: skipBackend }, () => {
    it('is ended with a sentence after three attempts', async () => {
      const backend = await start();
      const connection = await backend.connect();
      const stories = new Stories(connection);
      const replies = new Replies<null>(connection, 'broken', logger);
      await Promise.all([stories.ready(), replies.ready()]);
      const tasks: ReplyTask<null>[] = [];
      replies.work((task) => {
        tasks.push(task);
        const surface = surfaceThatBreaks(() => tasks.length <= 4);
        const clock = () => performance.now();
        return replyWithStory(task, `broken-${task.id}`, { stories, surface, pace: 0, clock });
      }, 4);
      try {
        const id = randomUUID();
        await replies.submit(id, request(1), null);
        const { state } = await until(async () => {
          const known = await replies.read(id);
          return known?.state.status === 'failed' && (await replies.lookUp(id)) === 'ended'
            ? known
            : undefined;
        }, 'its end');
        assert.ok(state.status === 'failed');
        assert.match(state.error.message, /Something broke/);
        // The fourth attempt is the first that ends it, and it failed, too.
        assert.deepEqual(
          tasks.map(({ failure }) => failure?.code),
          [undefined, undefined, undefined, 'internal', 'internal'],
        );
      } finally {
        await replies.close();
        await stories.close();
        await backend.stop();
      }
    });

    it('is ended by the next process if it had already failed for good', async () => {
      const backend = await start();
      const connection = await backend.connect();
      const stories = new Stories(connection);
      const before = connection.queue<unknown, never>('replies-broken');
      const id = randomUUID();
      const data = { request: request(1), handle: null, askedAt: Date.now() };
      await before.add('reply', data, { jobId: id, attempts: 3 });
      const broken = connection.worker('replies-broken', () => Promise.reject(new Error('broken')), {});
      await until(() => before.getJobState(id).then((state) => state === 'failed'), 'it to fail');
      await broken.close();
      const replies = new Replies<null>(connection, 'broken', logger);
      await Promise.all([stories.ready(), replies.ready()]);
      const shown: ReplyState[] = [];
      replies.work((task) => {
        const surface = { edit: async () => {}, finish: async (state: ReplyState) => void shown.push(state) };
        const clock = () => performance.now();
        return replyWithStory(task, `broken-${task.id}`, { stories, surface, pace: 0, clock });
      }, 4);
      try {
        const [end] = await until(() => (shown.length > 0 ? shown : undefined), 'its end');
        assert.equal(end?.status, 'failed');
        await until(() => before.getJobState(id).then((state) => state === 'completed'), 'it to be over');
      } finally {
        await before.close();
        await replies.close();
        await stories.close();
        await backend.stop();
      }
    });
  });
}

function surfaceThatBreaks(isBroken: () => boolean): ReplySurface {
  const act = async () => {
    if (isBroken()) throw new TypeError('a defect');
  };
  return { edit: act, finish: act };
}

describe('isOutage', () => {
  it('recognises transient errors', () => {
    const passing = [
      new Error("OOM command not allowed when used memory > 'maxmemory'. script: 63, on @user_script:1."),
      new Error(
        'ERR Error running script (call to f_6): @user_script:1: @user_script: 1: -OOM command not allowed',
      ),
      new Error("READONLY You can't write against a read only replica."),
      new Error('Connection is closed.'),
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      Object.assign(new Error('could not extend file'), { code: '53100' }),
      new StoryError('queue_unavailable', 'The settings cannot be reached at the moment.'),
    ];
    for (const error of passing) assert.ok(isOutage(error), error.message);
  });

  it('does not take a programming error for an outage', () => {
    const lasting = [
      new Error('BUSYGROUP Consumer Group name already exists'),
      new Error('WRONGTYPE Operation against a key holding the wrong kind of value'),
      new Error('Missing key for job 7. updateProgress'),
      new TypeError('a defect'),
      Object.assign(new Error('relation "job" does not exist'), { code: '42P01' }),
      new StoryError('busy', 'Too many stories wait.'),
      undefined,
    ];
    for (const error of lasting) assert.ok(!isOutage(error), String(error));
  });
});
