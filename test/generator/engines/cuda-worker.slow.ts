/** A worker on CUDA's binding, with TensorFlow's processor device, beside a queue. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { openConnection } from '../../../src/queue/open.ts';
import { Stories, type StoryUpdate } from '../../../src/queue/stories.ts';
import { startRole } from '../../helpers/processes.ts';
import { skipWithout, startRedis } from '../../helpers/programs.ts';
import { PROMPT, undisturbed } from '../../helpers/undisturbed.ts';
import { TEST_BACKENDS } from './tensorflow-backends.ts';

const { skip } = TEST_BACKENDS.find(({ name }) => name === 'cuda-cpu')!;
const LENGTH = 600;

describe('a worker on the engine cuda-cpu', {
  skip: skip || skipWithout('redis-server'),
  timeout: 240_000,
}, () => {
  it('takes stories from the queue, and writes what ONNX Runtime writes', async () => {
    const [redis, expected] = await Promise.all([startRedis(), undisturbed(PROMPT, { engine: 'onnx' })]);
    const settings = { redisUrl: redis.url, dataFolder: '', prefix: 'scifi' };
    const connection = await openConnection(settings, pino({ level: 'silent' }));
    const stories = new Stories(connection);
    await stories.ready();
    const worker = await startRole('worker', { REDIS_URL: redis.url, SCIFI_ENGINE: 'cuda-cpu' });
    try {
      for (const preset of ['classic', 'lively'] as const) {
        const request = {
          prompt: PROMPT,
          context: '',
          temperature: 0.4,
          length: LENGTH,
          model: 'scifi',
          preset,
        };
        const ends = await Promise.all(
          [0, 1, 2, 3].map((seed) => end(stories, `${preset}-${seed}`, { ...request, seed })),
        );
        for (const [seed, update] of ends.entries()) {
          assert.ok(update.type === 'done', JSON.stringify(update));
          assert.equal(update.story.text, await expected.text(seed, LENGTH, preset));
          assert.equal(update.story.engine, 'tensorflow-cuda-cpu');
        }
      }
    } finally {
      assert.equal(await worker.stop(), 0);
      await stories.close();
      await connection.close();
      await expected.close();
      await redis.stop();
    }
  });
});

/** Adds a story, and resolves with its last update. */
async function end(
  stories: Stories,
  id: string,
  request: Parameters<Stories['add']>[1],
): Promise<StoryUpdate> {
  await stories.add(id, request);
  return new Promise((resolve) => {
    stories.follow(id, (update) => {
      if (update.type === 'done' || update.type === 'failed') resolve(update);
    });
  });
}
