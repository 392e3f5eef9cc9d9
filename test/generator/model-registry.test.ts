import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChosenEngine } from '../../src/generator/engines/choose.ts';
import { EngineLostError } from '../../src/generator/engines/engine.ts';
import { ModelRegistry } from '../../src/generator/model-registry.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';

const CHOICES = [{ name: 'scifi', title: 'Science fiction', description: 'for tests' }];
const REQUEST: StoryRequest = {
  prompt: 'It all began with',
  context: '',
  temperature: 1,
  length: 200,
  seed: 1,
  model: 'scifi',
};

/** A registry with fake engines; `created` holds those that were made, and the last one is in use. */
function library(reopen?: () => Promise<ChosenEngine | undefined>) {
  const created: FakeEngine[] = [];
  const chosen: ChosenEngine = {
    name: 'webgpu',
    device: 'fake',
    reason: 'fake',
    create: async () => {
      const engine = new FakeEngine();
      created.push(engine);
      return engine;
    },
    close: async () => {},
  };
  const made = new ModelRegistry({
    modelsFolder: fileURLToPath(new URL('../../models', import.meta.url)),
    choices: CHOICES,
    capacity: 4,
    threads: 1,
    maxWaiting: 2,
    engines: { open: async () => chosen, reopen: reopen ?? (async () => chosen), close: async () => {} },
  });
  return { library: made, created, chosen };
}

describe('a registry whose device is lost', () => {
  test('rejects its stories as lost, and writes stories again after it has recovered', async () => {
    const { library: books, created } = library();
    await books.open();
    const expected = await books.storyteller('scifi').tell(REQUEST);
    created[0]!.failure = new EngineLostError('fake', 'unplugged');
    await assert.rejects(books.storyteller('scifi').tell(REQUEST), EngineLostError);
    // Several stories report the loss, and the engine is reopened once.
    await Promise.all([books.recover(), books.recover(), books.recover()]);
    assert.equal(created.length, 2);
    assert.deepEqual(books.status, { loaded: 1, ready: true });
    assert.deepEqual(await books.storyteller('scifi').tell(REQUEST), expected);
    await books.close();
  });

  test('is not ready meanwhile', async () => {
    let reopened: (engine: ChosenEngine) => void = () => {};
    const { library: books, chosen } = library(
      () =>
        new Promise((resolve) => {
          reopened = resolve;
        }),
    );
    await books.open();
    const recovery = books.recover();
    assert.equal(books.status.ready, false);
    await new Promise(setImmediate);
    reopened(chosen);
    await recovery;
    assert.equal(books.status.ready, true);
  });

  test('retries when the next device is lost as well, until it is closed', async () => {
    let tries = 0;
    const { library: books, chosen } = library(async () => {
      tries += 1;
      if (tries > 2) return undefined;
      return { ...chosen, create: () => Promise.reject(new EngineLostError('fake', 'again')) };
    });
    await books.open();
    await books.recover();
    assert.equal(tries, 3);
  });
});
