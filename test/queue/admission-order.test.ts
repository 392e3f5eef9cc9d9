/**
 * The order in which stories begin: the real queue, real replies and a real worker with a storyteller that
 * the test controls.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { replyWithStory } from '../../src/bots/reply-loop.ts';
import { submit } from '../../src/bots/submit.ts';
import type { Storyteller } from '../../src/generator/storyteller.ts';
import { type OpenLimits, openLimits } from '../../src/queue/admission/open-limits.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Replies } from '../../src/queue/replies.ts';
import { Stories, type WorkerStatus } from '../../src/queue/stories.ts';
import { keepAnnouncing, StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState, Story, StoryRequest } from '../../src/story/story.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { NO_LIMITS } from '../helpers/limits.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const CREDITS = { modelVersion: 'v', engine: 'stand-in' };

function request(prompt: string): StoryRequest {
  return { prompt, context: '', temperature: 0.4, length: 400, seed: 1, model: 'scifi' };
}

/** A storyteller that begins each story at once and ends it when the test says so. */
class Held {
  /** Prompts in the order in which they were begun. */
  readonly begun: string[] = [];
  readonly #open = new Map<string, () => void>();

  readonly storyteller = {
    credits: CREDITS,
    continues: () => true,
    unreadable: () => 0,
    tell: ({ prompt }: StoryRequest, { signal }: { signal: AbortSignal }) =>
      new Promise<Story>((resolve) => {
        this.begun.push(prompt);
        const end = (ending: Story['ending']) =>
          resolve({ text: `${prompt} and so on.`, ending, ...CREDITS, unreadable: 0 });
        this.#open.set(prompt, () => end('complete'));
        if (signal.aborted) end('stopped');
        signal.addEventListener('abort', () => end('stopped'));
      }),
  } as unknown as Storyteller;

  async end(prompt: string): Promise<void> {
    await until(() => this.#open.has(prompt), `${prompt} to begin`);
    this.#open.get(prompt)!();
  }
}

for (const { name, skip, start } of BACKENDS) {
  describe(`admission order on ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    let closers: (() => unknown)[] = [];

    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      await stories.ready();
    });
    afterEach(async () => {
      for (const close of closers.reverse()) await close();
      closers = [];
    });
    after(async () => {
      await stories.close();
      await backend.stop();
    });

    /** A platform with its limits; with `forgetful`, it does not release the leases of its replies. */
    async function open(
      person: { running: number; waiting: number },
      { platform = platformName(), isForgetful = false } = {},
    ) {
      const settings = { ...NO_LIMITS, person: { ...person, hourly: 0 } };
      const opened: OpenLimits = await openLimits(connection, stories, settings);
      closers.push(opened.close);
      const { limits } = opened;
      const replies = new Replies<null>(connection, platform, logger, isForgetful ? undefined : limits);
      closers.push(() => replies.close());
      await replies.ready();
      const process = (task: Parameters<Parameters<typeof replies.work>[0]>[0]) =>
        replyWithStory(task, `${platform}-${task.id}`, { stories, pace: 0, clock: () => performance.now() });
      replies.work(process, 1_000);
      const ask = async (who: string, prompt: string, id: string = randomUUID()) => {
        const person = `${platform}:${who}`;
        await submit({ replies, limits }, id, request(prompt), () => null, { person });
        return id;
      };
      const isOver = async (id: string) => {
        const state = (await replies.read(id))?.state;
        return state?.status === 'finished' ? state : undefined;
      };
      return { replies, ask, isOver };
    }

    function platformName(): string {
      return `test${randomUUID().slice(0, 8)}`;
    }

    async function write(concurrency: number): Promise<Held> {
      const held = new Held();
      const worker = new StoryWorker({
        connection,
        stories,
        logger,
        storyteller: () => held.storyteller,
        concurrency,
      });
      closers.push(() => worker.close());
      await worker.ready();
      return held;
    }

    it('writes one story of a user at a time, in their order, and shows why the others wait', async () => {
      const held = await write(8);
      const { replies, ask, isOver } = await open({ running: 1, waiting: 2 });
      const ids = [await ask('ann', 'A1'), await ask('ann', 'A2'), await ask('ann', 'A3')];
      const waits: ReplyState = { status: 'waiting', position: null, afterOwn: true };
      for (const id of ids.slice(1)) {
        await until(async () => {
          const state = (await replies.read(id))?.state;
          return isDeepStrictEqual(state, waits);
        }, 'a sign that it waits');
      }
      await until(async () => (await replies.count()).delayed === 2, 'both to be put aside');
      await ask('bob', 'B1');
      await until(() => held.begun.length === 2, 'the first two');
      assert.deepEqual(held.begun.toSorted(), ['A1', 'B1']);
      await assert.rejects(ask('ann', 'A4'), { code: 'rate_limited' });
      await held.end('A1');
      await until(() => held.begun.includes('A2'), 'the second');
      assert.ok(!held.begun.includes('A3'));
      assert.equal((await until(() => isOver(ids[0]!), 'the end')).ending, 'complete');
      // A parked story can be stopped, and its end does not start the next one early.
      const fourth = await ask('ann', 'A4');
      await until(async () => (await replies.count()).delayed === 2, 'it to be put aside');
      assert.equal(await replies.stop(ids[2]!), true);
      const stopped = await until(() => isOver(ids[2]!), 'the end');
      assert.deepEqual([stopped.ending, stopped.text], ['stopped', 'A3']);
      assert.ok(!held.begun.includes('A4'));
      await held.end('A2');
      await held.end('A4');
      await until(() => isOver(fourth), 'the end');
      assert.deepEqual(
        held.begun.filter((prompt) => prompt.startsWith('A')),
        ['A1', 'A2', 'A4'],
      );
      await held.end('B1');
    });

    it('starts a story whose predecessor ended without a message', async () => {
      const held = await write(8);
      const platform = platformName();
      // A process that was killed before it could release the lease of its reply.
      const forgetful = await open({ running: 1, waiting: 2 }, { platform, isForgetful: true });
      const lost = await forgetful.ask('ann', 'A1');
      await held.end('A1');
      await until(() => forgetful.isOver(lost), 'the end');
      await forgetful.replies.close();
      const { ask, isOver } = await open({ running: 1, waiting: 2 }, { platform });
      const second = await ask('ann', 'A2');
      await held.end('A2');
      await until(() => isOver(second), 'the end');
    });

    // The embedded queue loses no lease: it is in this process.
    const itMayLose = name === 'embedded' ? () => {} : it;
    itMayLose('puts a waiting reply back that the queue has lost, and none that was removed', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      try {
        const held = await write(8);
        const { replies, ask, isOver } = await open({ running: 1, waiting: 2 });
        await ask('ann', 'A1');
        const [lost, removed] = [await ask('ann', 'A2'), await ask('ann', 'A3')];
        await until(async () => (await replies.count()).delayed === 2, 'both to be put aside');
        const queue = connection.queue(replies.name);
        closers.push(() => queue.close());
        await queue.remove(removed);
        await sleep(100);
        await queue.drain(true);
        assert.deepEqual(await Promise.all([lost, removed].map(replies.lookUp)), ['unknown', 'unknown']);
        await held.end('A1');
        mock.timers.tick(10_000);
        await held.end('A2');
        assert.equal((await until(() => isOver(lost), 'the end')).text, 'A2 and so on.');
        assert.equal(await replies.lookUp(removed), 'unknown');
      } finally {
        mock.timers.reset();
      }
    });

    it('writes one story of every user before a second one of any, if a user may have ten', async () => {
      const held = await write(2);
      const { ask } = await open({ running: 10, waiting: 0 });
      const { ask: askElsewhere } = await open({ running: 10, waiting: 0 });
      for (const [who, prompt] of [
        ['zoe', 'Z1'],
        ['yan', 'Y1'],
      ] as const)
        await askElsewhere(who, prompt);
      await until(() => held.begun.length === 2, 'both writers to be busy');
      for (let story = 1; story <= 10; story++) {
        await ask('ann', `A${story}`);
        // In the order in which one user asks.
        await until(async () => (await stories.load()).waiting === story, 'it to be in the queue');
      }
      await ask('bob', 'B1');
      await until(async () => (await stories.load()).waiting === 11, 'it to be in the queue');
      assert.deepEqual(await stories.load(), { first: 2, waiting: 11, running: 2 });
      await held.end('Z1');
      await held.end('Y1');
      await until(() => held.begun.length === 4, 'the next two');
      assert.deepEqual(held.begun.slice(2).toSorted(), ['A1', 'B1']);
      // A user who asks only now is also served before her second story.
      await askElsewhere('kim', 'K1');
      await until(async () => (await stories.load()).first === 1, 'it to be in the queue');
      await held.end('A1');
      await until(() => held.begun.includes('K1'), 'what came first');
      for (const prompt of ['B1', 'K1', ...Array.from({ length: 9 }, (_, index) => `A${index + 2}`)]) {
        await held.end(prompt);
      }
      await until(async () => (await stories.load()).running === 0, 'all to be over');
    });

    it('knows the position of a story that lets others pass, and advances it', async () => {
      const [far, near, first, last] = ['far', 'near', 'first', 'last'].map((one) => one + randomUUID());
      await stories.add(far!, request('far'), 99);
      await stories.add(near!, request('near'), 1);
      await stories.add(first!, request('first'));
      assert.deepEqual(await stories.load(), { first: 1, waiting: 3, running: 0 });
      await stories.promote(far!);
      await stories.promote('unknown');
      await stories.add(last!, request('last'));
      // A view of the waiting list is cached for some time.
      await sleep(750);
      const positions = await Promise.all([first, far, last, near].map((id) => stories.position(id!)));
      assert.deepEqual(positions, [1, 2, 3, 4]);
      assert.deepEqual(await stories.load(), { first: 3, waiting: 4, running: 0 });
      for (const id of [far, near, first, last]) await stories.remove(id!);
      assert.deepEqual(await stories.load(), { first: 0, waiting: 0, running: 0 });
    });

    it('computes the expected wait from the speeds that all live workers report', async () => {
      const fast: WorkerStatus = {
        phase: 'ready',
        loaded: 1,
        charactersPerSecond: 9_000,
        charactersPerStory: 900,
      };
      const other = new Stories(await backend.connect());
      await other.ready();
      closers.push(() => other.close());
      closers.push(keepAnnouncing(stories, () => fast));
      await until(() => stories.status().phase === 'ready', 'the first worker');
      closers.push(keepAnnouncing(other, () => ({ phase: 'loading', loaded: 0.5 })));
      const waits = (waiting: number, running: number) => stories.expectedWaitMs(waiting, running);
      await until(() => waits(100, 40) === 12_000, 'its speed');
      assert.equal(waits(0, 40), 0);
      assert.deepEqual(stories.status(), { phase: 'ready', loaded: 1 });
      closers.push(keepAnnouncing(other, () => ({ ...fast, charactersPerSecond: 18_000 })));
      await until(() => waits(100, 40) === 4_000, 'both');
    });
  });
}
