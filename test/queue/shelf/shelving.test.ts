/** How a work is put on the shelf, on Redis and embedded: no worker writes its titles. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { QueueConnection } from '../../../src/queue/connection.ts';
import { Shelf } from '../../../src/queue/shelf/shelf.ts';
import { type Finished, shelve } from '../../../src/queue/shelf/shelving.ts';
import { Stories } from '../../../src/queue/stories.ts';
import { ALL_BACKENDS, type Backend } from '../../helpers/backends.ts';

const PATIENCE_MS = 50;
const ANN = { userId: 'ann', person: 'test:ann' };

for (const { name, skip, start } of ALL_BACKENDS) {
  describe(`putting a work on the shelf, ${name}`, { skip, timeout: 240_000 }, () => {
    let backend: Backend;
    let connection: QueueConnection;
    let stories: Stories;
    let runs = 0;

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

    /** Puts a work on a new shelf, which Ann has joined; returns the titles, and the shelf. */
    async function shelved(given: (shelf: Shelf<string>) => Pick<Finished<string>, 'isWanted'>) {
      runs += 1;
      const shelf = new Shelf<string>(connection, `test${runs}`, Date.now);
      await shelf.join('c1', ANN);
      const work: Finished<string>['work'] = {
        id: 'relay-1',
        kind: 'relay',
        channelId: 'c1',
        hostId: 'bob',
        address: 'c1',
        messages: [],
        request: { model: 'scifi', temperature: 0.4, seed: 7 },
        segments: [{ kind: 'prompt', text: 'The crimson moon fell. ' }],
        forks: [],
        finishedAt: Date.now(),
        credits: { 'test:ann': 2, 'test:cem': 1 },
      };
      const request = { prompt: '', context: '', temperature: 0.4, length: 200, seed: 7, model: 'scifi' };
      const { signal } = new AbortController();
      const lasting = (address: string) => address;
      const shelving = { storyPrefix: `test${runs}`, stories, shelf, lasting, signal };
      const titles = await shelve(shelving, { work, request, patienceMs: PATIENCE_MS, ...given(shelf) });
      return { shelf, titles };
    }

    it('gives it its opening words alone where the network writes no title in time', async () => {
      const { shelf, titles } = await shelved(() => ({ isWanted: async () => true }));
      assert.deepEqual(titles, ['The crimson moon fell']);
      const [work, ...others] = await shelf.works('c1');
      assert.deepEqual([work!.titles, work!.credits, others], [titles, { 'test:ann': 2 }, []]);
      const queue = connection.queue('stories');
      assert.deepEqual(await queue.getJobs(), [], 'no story is left');
      await queue.close();
    });

    it('gives no credit to a user who leaves the leaderboard meanwhile', async () => {
      const { shelf } = await shelved((one) => ({
        async isWanted() {
          // The credit is given once more, as by a process that has read the names before.
          await one.leave('c1', ANN.person);
          await one.changeWork('c1', 'relay-1', (work) => ({ ...work, credits: { 'test:ann': 2 } }));
          return true;
        },
      }));
      assert.deepEqual((await shelf.works('c1'))[0]?.credits, {});
    });

    it('takes it off again where it is deleted meanwhile', async () => {
      const { shelf, titles } = await shelved(() => ({ isWanted: async () => false }));
      assert.equal(titles, undefined);
      assert.deepEqual(await shelf.works('c1'), []);
    });
  });
}
