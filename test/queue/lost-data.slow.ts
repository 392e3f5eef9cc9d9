/**
 * A queue that loses its data, as a Redis does that is restarted without persistence: the process that holds
 * a reply adds it again, and the same seed writes its story again.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { pino } from 'pino';
import { replyWithStory } from '../../src/bots/reply-loop.ts';
import { Replies } from '../../src/queue/replies.ts';
import type { ReplyRecord } from '../../src/queue/reply-worker.ts';
import { STORIES_QUEUE, Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState, StoryRequest } from '../../src/story/story.ts';
import { fakeStoryteller } from '../fakes/fake-storyteller.ts';
import { BACKENDS } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const REQUEST: StoryRequest = {
  prompt: 'It all began with ',
  context: '',
  temperature: 0.4,
  length: 1_200,
  seed: 7,
  model: 'scifi',
};
/** Characters per second: a story takes more than a second. */
const PACE = 800;

for (const { name, skip, start } of BACKENDS) {
  it(`an active reply survives the loss of all data, on ${name}`, { skip }, async () => {
    const backend = await start();
    const connection = await backend.connect();
    const stories = new Stories(connection);
    await stories.ready();
    const { storyteller } = fakeStoryteller();
    const worker = new StoryWorker({
      connection,
      stories,
      logger,
      storyteller: () => storyteller,
      concurrency: 4,
    });
    const replies = new Replies<null>(connection, 'lost', logger);
    await replies.ready();
    const records: (ReplyRecord | undefined)[] = [];
    const first: boolean[] = [];
    replies.work((task) => {
      records.push(task.record);
      first.push(task.isFirst);
      const clock = () => performance.now();
      return replyWithStory(task, `lost-${task.id}`, { stories, pace: PACE, clock });
    }, 4);
    try {
      const id = randomUUID();
      await replies.submit(id, REQUEST, null);
      const states: ReplyState[] = [];
      await replies.follow(id, (state) => states.push(state));
      const lengths = () => states.flatMap((state) => ('text' in state ? [state.text.length] : []));
      await until(() => lengths().some((length) => length > 300), 'it to grow');
      for (const queue of [STORIES_QUEUE, replies.name]) {
        const emptied = connection.queue(queue);
        await emptied.obliterate({ force: true });
        await emptied.close();
      }
      const end = await until(() => states.find(({ status }) => status === 'finished'), 'its end');
      assert.deepEqual(end, { status: 'finished', ...(await storyteller.tell(REQUEST)) });
      assert.deepEqual(
        lengths(),
        lengths().toSorted((a, b) => a - b),
        'it never shrinks',
      );
      const restored = records.at(-1)?.state;
      assert.ok(restored?.status === 'writing' && restored.text.length >= 300, JSON.stringify(restored));
      assert.deepEqual(first, [true, false]);
    } finally {
      await worker.close();
      await replies.close();
      await storyteller.close();
      await stories.close();
      await backend.stop();
    }
  });
}
