/** Stories of a worker whose device is lost: driver reset, out of memory, unplugged. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { EngineOpeners, OpenedEngine } from '../../src/generator/engines/choose.ts';
import { EngineLostError } from '../../src/generator/engines/engine.ts';
import { EngineSupervisor } from '../../src/generator/engines/engine-supervisor.ts';
import { ENGINE_OPENERS } from '../../src/generator/engines/openers.ts';
import { saveModel } from '../../src/generator/model/files.ts';
import { ModelRegistry } from '../../src/generator/model-registry.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { Stories, type StoryUpdate } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { Story, StoryRequest } from '../../src/story/story.ts';
import { fakeStoryteller } from '../fakes/fake-storyteller.ts';
import { skipWithoutWebgpu } from '../generator/engines/tensorflow-backends.ts';
import { randomModel } from '../generator/model/random-model.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { temporaryFolder, until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });

function request(seed: number, length = 3_000): StoryRequest {
  return { prompt: 'It all began with', context: '', temperature: 0.7, length, seed, model: 'scifi' };
}

/** Adds a story and collects its events until its end. */
async function follow(
  stories: Stories,
  wanted: StoryRequest,
  texts: string[] = [],
): Promise<{ texts: string[]; story: Story }> {
  const id = randomUUID();
  await stories.add(id, wanted);
  const end = await new Promise<StoryUpdate>((resolve) => {
    stories.follow(id, (update) => {
      if (update.type === 'writing') texts.push(update.progress.text);
      if (update.type === 'done' || update.type === 'failed') resolve(update);
    });
  });
  assert.ok(end.type === 'done', JSON.stringify(end));
  return { texts, story: end.story };
}

for (const { name, skip, start } of BACKENDS) {
  describe(`a lost device on ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    before(async () => {
      backend = await start();
      connection = await backend.connect();
      stories = new Stories(connection);
      await stories.ready();
    });
    after(async () => {
      await stories.close();
      await backend.stop();
    });

    it('hands its stories back, and the same worker resumes them when it has another', async () => {
      let current = fakeStoryteller();
      let recoveries = 0;
      const worker = new StoryWorker({
        connection,
        stories,
        logger,
        concurrency: 8,
        storyteller: () => current.storyteller,
        async recover() {
          recoveries += 1;
          await sleep(300);
          current = fakeStoryteller();
        },
      });
      await worker.ready();
      const seeds = [1, 2, 3, 4, 5, 6];
      const told = Promise.all(seeds.map((seed) => follow(stories, request(seed))));
      await until(() => current.engine.decodes.length > 500, 'the middle of the stories');
      current.engine.failure = new EngineLostError('fake', 'unplugged');
      for (const [index, { story }] of (await told).entries()) {
        const undisturbed = await fakeStoryteller().storyteller.tell(request(seeds[index]!));
        assert.equal(story.text, undisturbed.text);
        assert.equal(story.ending, 'complete');
      }
      assert.ok(recoveries >= 1);
      await worker.close();
    });

    it('leaves its stories to other workers meanwhile', async () => {
      const broken = fakeStoryteller();
      const sound = fakeStoryteller();
      const make = (storyteller: typeof broken, recover: () => Promise<void>) =>
        new StoryWorker({
          connection,
          stories,
          logger,
          concurrency: 4,
          storyteller: () => storyteller.storyteller,
          recover,
        });
      // Never recovers while the test runs.
      const first = make(broken, () => new Promise(() => {}));
      await first.ready();
      const told = follow(stories, request(7));
      await until(() => broken.engine.decodes.length > 300, 'the middle of the story');
      broken.engine.failure = new EngineLostError('fake', 'unplugged');
      await until(() => !broken.engine.failure, 'the loss');
      const second = make(sound, async () => {});
      await second.ready();
      const { story } = await told;
      assert.equal(story.text, (await fakeStoryteller().storyteller.tell(request(7))).text);
      await first.close();
      await second.close();
    });
  });
}

describe('a WebGPU device that is lost in the middle of a story', {
  skip: skipWithoutWebgpu(),
  timeout: 300_000,
}, () => {
  it('whose driver is gone as well: the engine of the processor ends the story', async () => {
    const backend = await BACKENDS.find(({ skip }) => skip === false)!.start();
    const connection = await backend.connect();
    const stories = new Stories(connection);
    await stories.ready();
    const { folder, remove } = await temporaryFolder();
    await saveModel(join(folder, 'scifi'), randomModel({ units: [8], characters: 60 }), {
      dtype: 'float32',
    });
    let device: OpenedEngine | undefined;
    const openers: EngineOpeners = {
      ...ENGINE_OPENERS,
      async webgpu() {
        if (device) throw new Error('the driver is gone');
        device = await ENGINE_OPENERS.webgpu({ acceptSoftware: true });
        return device;
      },
    };
    const lines: string[] = [];
    const library = new ModelRegistry({
      modelsFolder: folder,
      choices: [{ name: 'scifi', title: 'Random', description: 'for tests' }],
      capacity: 4,
      threads: 1,
      maxWaiting: 4,
      engines: new EngineSupervisor({
        wanted: 'auto',
        openers,
        log: (line) => lines.push(line),
        clock: () => performance.now(),
        wait: async () => {},
      }),
    });
    await library.open();
    const worker = new StoryWorker({
      connection,
      stories,
      logger,
      concurrency: 4,
      storyteller: (model) => library.storyteller(model),
      recover: () => library.recover(),
    });
    try {
      await worker.ready();
      const texts: string[] = [];
      const told = follow(stories, { ...request(1, 6_000), prompt: 'abc ' }, texts);
      await until(() => texts.length > 1, 'snapshots');
      const lostAt = texts.at(-1)!;
      await device!.close();
      const { story } = await told;
      assert.equal(story.engine, 'onnx');
      assert.equal(story.ending, 'complete');
      assert.ok(story.text.startsWith(lostAt), 'nothing that was shown is lost');
      assert.match(lines[0]!, /^webgpu on /);
      assert.match(lines[1]!, /^integer on .*; not webgpu: the driver is gone$/);
      assert.equal(lines.length, 2);
    } finally {
      await worker.close();
      await library.close();
      await stories.close();
      await backend.stop();
      await remove();
    }
  });
});
