/** What a story costs the queue: the commands between a request on the page and its end. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it, mock } from 'node:test';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { workWebReplies } from '../../src/bots/web/replies.ts';
import type { Storyteller, TellOptions } from '../../src/generator/storyteller.ts';
import { EmbeddedDatabase } from '../../src/queue/backends/embedded/database.ts';
import { Replies } from '../../src/queue/replies.ts';
import { Stories } from '../../src/queue/stories.ts';
import { StoryWorker } from '../../src/queue/story-worker.ts';
import type { ReplyState, Story, StoryRequest } from '../../src/story/story.ts';
import { BACKENDS, type Backend } from '../helpers/backends.ts';
import { until } from '../helpers/programs.ts';

const logger = pino({ level: 'silent' });
const STORIES = 10;
/** Commands that all stories together may send besides their own, such as renewals of locks. */
const PERIODIC = 5;
/**
 * A reply and its story are added, taken and completed, and both workers look for another one before they wait
 * again. One snapshot, its record and the record of the end are stored. The page reads the reply once, and the
 * story is removed.
 */
const MOST_PER_STORY = { Redis: 15, embedded: 21 };
const PROMPT = 'It all began with';
const CREDITS = { modelVersion: 'v', engine: 'stand-in', unreadable: 0 };

/** Sends one snapshot, and ends when that is shown. */
class OneSnapshot {
  #shown = () => {};
  readonly credits = CREDITS;

  unreadable(): number {
    return 0;
  }

  async tell(_: StoryRequest, { onWord }: TellOptions): Promise<Story> {
    const shown = new Promise<void>((resolve) => {
      this.#shown = resolve;
    });
    onWord!(
      () => `${PROMPT} a light`,
      () => ({}),
    );
    await shown;
    return { text: `${PROMPT} a light in the sky.`, ending: 'complete', ...CREDITS };
  }

  show(): void {
    this.#shown();
  }
}

for (const { name, skip, start } of BACKENDS) {
  describe(`a story on ${name}`, { skip, timeout: 240_000 }, () => {
    /** Names of Redis' commands, or beginnings of SQL. */
    const sent: string[] = [];
    let backend: Backend;
    let replies: Replies<null>;
    const storyteller = new OneSnapshot();
    const closers: (() => Promise<void>)[] = [];

    before(async () => {
      const { sendCommand } = Redis.prototype;
      mock.method(Redis.prototype, 'sendCommand', function (this: Redis, ...parameters: unknown[]) {
        const [command, stream] = parameters as Parameters<typeof sendCommand>;
        if (!['xread', 'bzpopmin'].includes(command.name)) sent.push(command.name);
        return sendCommand.call(this, command, stream);
      });
      const { query } = EmbeddedDatabase.prototype;
      mock.method(
        EmbeddedDatabase.prototype,
        'query',
        function (this: EmbeddedDatabase, sql: string, params?: readonly unknown[]) {
          const statement = sql.replace(/^\s*--.*$/gm, '').trim();
          // How many reads find all events depends on the moments at which they come.
          if (!/FROM event\b/.test(statement)) sent.push(statement.slice(0, 40));
          return query.call(this, sql, params);
        },
      );
      backend = await start();
      const connection = await backend.connect();
      const stories = new Stories(connection);
      await stories.ready();
      replies = new Replies<null>(connection, 'web', logger);
      await replies.ready();
      workWebReplies(replies, stories, { pace: 0, concurrency: 10 });
      const worker = new StoryWorker({
        connection,
        stories,
        logger,
        storyteller: () => storyteller as unknown as Storyteller,
        concurrency: 10,
      });
      await worker.ready();
      closers.push(
        () => worker.close(),
        () => replies.close(),
        () => stories.close(),
      );
    });

    after(async () => {
      for (const close of closers) await close();
      await backend.stop();
      mock.restoreAll();
    });

    async function writeOne(): Promise<void> {
      const id = randomUUID();
      const request = { prompt: PROMPT, context: '', temperature: 0.4, length: 400, seed: 1, model: 'scifi' };
      const states: ReplyState[] = [];
      await replies.submit(id, request, null);
      await replies.follow(id, (state) => {
        states.push(state);
        if (state.status === 'writing') storyteller.show();
      });
      await until(() => states.at(-1)?.status === 'finished', 'the end of the story');
    }

    it('sends no more commands than it needs', async () => {
      await writeOne();
      sent.length = 0;
      for (let story = 0; story < STORIES; story++) await writeOne();
      const most = MOST_PER_STORY[name as keyof typeof MOST_PER_STORY] * STORIES + PERIODIC;
      assert.ok(sent.length <= most, `${sent.length} of at most ${most}: ${tally(sent)}`);
      assert.ok(sent.length > STORIES * 8, `only ${sent.length}: ${tally(sent)}`);
    });
  });
}

function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
