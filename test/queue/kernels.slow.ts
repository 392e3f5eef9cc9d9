/** A story that one kernel of the integer engine has begun, and that another one ends: the same bytes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createIntegerEngine } from '../../src/generator/engines/integer/create.ts';
import { kernelNames, loadKernel } from '../../src/generator/engines/integer/kernels.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Stories, type StoryUpdate } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const model = await loadModel(fileURLToPath(new URL('../../models/scifi', import.meta.url)));
const REQUEST: StoryRequest = {
  prompt: 'It all began with',
  context: '',
  preset: 'lively',
  temperature: 0.4,
  length: 6_000,
  seed: 5,
  model: 'scifi',
};

async function openStoryteller(kernel: string): Promise<Storyteller> {
  const options = { capacity: 2, threads: 1, kernel: await loadKernel(kernel) };
  return new Storyteller(model, await createIntegerEngine(model, options), { maxWaiting: 8 });
}

/** Lets a worker with a kernel write while `use` runs; it hands over what it has begun. */
async function withWorker<Result>(
  connection: QueueConnection,
  stories: Stories,
  kernel: string,
  use: () => Promise<Result>,
): Promise<Result> {
  const storyteller = await openStoryteller(kernel);
  const options = { connection, stories, logger, concurrency: 1 };
  const worker = new StoryWorker({ ...options, storyteller: () => storyteller });
  try {
    await worker.ready();
    return await use();
  } finally {
    await worker.close();
    await storyteller.close();
  }
}

describe('a story that several kernels write', { timeout: 240_000 }, () => {
  for (const { name, skip, start } of BACKENDS) {
    it(`is the one of an undisturbed worker, on ${name}`, { skip }, async () => {
      const backend = await start();
      const connection = await backend.connect();
      const stories = new Stories(connection);
      try {
        await stories.ready();
        // Few enough that something is left for the last one: each but the last writes at least a snapshot.
        const names = await kernelNames();
        const kernels = [...new Set([names[0]!, ...names.slice(-2)])];
        const whole = await openStoryteller(kernels[0]!);
        const expected = await whole.tell(REQUEST);
        await whole.close();
        const updates: StoryUpdate[] = [];
        const lengths = () =>
          updates.map((update) => (update.type === 'writing' ? update.progress.text.length : 0));
        stories.follow('story', (update) => updates.push(update), true);
        await stories.add('story', REQUEST);
        // Each writes until its first snapshot, and hands over.
        for (const kernel of kernels.slice(0, -1)) {
          const before = Math.max(REQUEST.prompt.length, ...lengths());
          await withWorker(connection, stories, kernel, () =>
            until(() => Math.max(0, ...lengths()) > before, `a snapshot by ${kernel}`),
          );
        }
        assert.ok(
          updates.every(({ type }) => type !== 'done'),
          'the last kernel has something left to write',
        );
        const last = await withWorker(connection, stories, kernels.at(-1)!, () =>
          until(() => updates.find(({ type }) => type === 'done'), 'the end', 120_000),
        );
        assert.deepEqual(last, { type: 'done', story: expected }, 'without another beginning');
      } finally {
        await stories.close();
        await backend.stop();
      }
    });
  }
});
