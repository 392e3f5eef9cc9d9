import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import fc from 'fast-check';
import { type ReplySurface, replyWithStory, type StorySource } from '../../src/bots/story-reply.ts';
import type { ReplyRecord, ReplyTask } from '../../src/queue/replies.ts';
import type { StoryProgress, StoryUpdate } from '../../src/queue/stories.ts';
import type { ReplyState, Story, StoryRequest } from '../../src/story.ts';

const PROMPT = 'It all began with';
const REQUEST: StoryRequest = {
  prompt: PROMPT,
  context: '',
  temperature: 0.4,
  length: 400,
  seed: 1,
  model: 'scifi',
};
const TEXT = `${PROMPT} a light in the sky that nobody had seen. It fell, and the sea rose. Nobody came.`;
const STORY: Story = { text: TEXT, ending: 'complete', modelVersion: 'v', engine: 'e', unreadable: 0 };

function snapshot(length: number, text = TEXT): StoryUpdate {
  const progress: StoryProgress = {
    text: text.slice(0, length),
    modelVersion: 'v',
    engine: 'e',
    losses: 0,
  };
  return { type: 'writing', progress };
}

/** A reply with everything around it played by the test. */
class Scene {
  readonly log: string[] = [];
  readonly shown: ReplyState[] = [];
  record: ReplyRecord | undefined;
  now = 0;
  place: number | null = null;
  readonly abort = new AbortController();
  #listener: ((update: StoryUpdate) => void) | undefined;
  #stop: (() => void) | undefined;
  editing = 0;
  /** Called before every write, edit and finish; may throw. */
  before: (what: string) => void = () => {};
  /** What a new follower is told at once. */
  present: StoryUpdate | undefined;

  readonly stories: StorySource = {
    add: async () => void this.log.push('add'),
    follow: (_, listener) => {
      this.#listener = listener;
      if (this.present) queueMicrotask(() => listener(this.present!));
      return () => {
        this.#listener = undefined;
      };
    },
    place: async () => this.place,
    stop: async () => void this.log.push('stop'),
    remove: async () => void this.log.push('remove'),
  };

  readonly surface: ReplySurface = {
    edit: (state) => this.#show('edit', state),
    finish: (state) => this.#show('finish', state),
  };

  async #show(what: string, state: ReplyState): Promise<void> {
    this.before(what);
    assert.deepEqual(this.record?.state, state, 'written down before it is shown');
    assert.equal(++this.editing, 1, 'one edit in flight');
    await breathe();
    this.editing--;
    this.log.push(what);
    this.shown.push(state);
  }

  task(): ReplyTask<null> {
    return {
      id: 'id',
      request: REQUEST,
      handle: null,
      record: this.record,
      write: async (record) => {
        this.before('write');
        this.record = record;
        this.log.push(record.delivered ? 'delivered' : 'write');
      },
      onStop: (listener) => {
        this.#stop = listener;
      },
      signal: this.abort.signal,
    };
  }

  run(pace = 0, surface: ReplySurface | null = this.surface): Promise<ReplyState> {
    const options = { stories: this.stories, pace, clock: () => this.now };
    return replyWithStory(this.task(), 'story', surface ? { ...options, surface } : options);
  }

  async tell(update: StoryUpdate): Promise<void> {
    while (!this.#listener) await breathe();
    this.#listener(update);
  }

  async stop(): Promise<void> {
    while (!this.#stop) await breathe();
    this.#stop();
  }

  /** Waits until a text of this length, or a longer one, is shown. */
  async seen(length: number): Promise<void> {
    while (!this.shown.some((state) => 'text' in state && state.text.length >= length)) await breathe();
  }

  texts(): string[] {
    return this.shown.flatMap((state) => ('text' in state ? [state.text] : []));
  }
}

describe('replyWithStory', { timeout: 30_000 }, () => {
  it('shows what grows, then the whole, then forgets the story', async () => {
    const scene = new Scene();
    const running = scene.run();
    for (const length of [20, 40, 60]) {
      await scene.tell(snapshot(length));
      await scene.seen(length);
    }
    await scene.tell({ type: 'done', story: STORY });
    assert.deepEqual(await running, { status: 'finished', ...STORY });
    assert.deepEqual(
      scene.texts(),
      [20, 40, 60, TEXT.length].map((length) => TEXT.slice(0, length)),
    );
    assert.deepEqual(scene.log.slice(-4), ['write', 'finish', 'delivered', 'remove']);
  });

  it('skips to the newest snapshot after an edit, and ignores the shorter and the diverging', async () => {
    const scene = new Scene();
    const running = scene.run();
    for (const length of [20, 30, 40, 50]) await scene.tell(snapshot(length));
    await scene.seen(50);
    await scene.tell(snapshot(30));
    await scene.tell(snapshot(70, TEXT.replace('light', 'LIGHT')));
    await scene.tell(snapshot(80));
    await scene.seen(80);
    await scene.tell({ type: 'done', story: STORY });
    await running;
    assert.deepEqual(
      scene.texts(),
      [20, 50, 80, TEXT.length].map((length) => TEXT.slice(0, length)),
    );
  });

  it('tells the place in the queue, and that it changes', async () => {
    const scene = new Scene();
    scene.place = 3;
    const running = scene.run();
    const places = () => scene.shown.flatMap((state) => (state.status === 'waiting' ? [state.place] : []));
    while (places().length < 1) {
      scene.now += 50;
      await scene.tell({ type: 'waiting' });
      await breathe();
    }
    scene.place = 2;
    while (places().length < 2) {
      scene.now += 50;
      await breathe();
    }
    assert.deepEqual(places(), [3, 2]);
    await scene.tell({ type: 'done', story: STORY });
    assert.equal((await running).status, 'finished');
  });

  it('stops before there is a word, with the prompt', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.stop();
    const end = await running;
    assert.deepEqual(
      [end.status, 'text' in end && end.text, 'ending' in end && end.ending],
      ['finished', PROMPT, 'stopped'],
    );
    assert.ok(scene.log.includes('stop'));
  });

  it('keeps what was shown when it is stopped, even when more has been written', async () => {
    const scene = new Scene();
    const running = scene.run(100);
    await scene.tell({ type: 'done', story: STORY });
    await scene.seen(PROMPT.length);
    scene.now = 300;
    await scene.seen(PROMPT.length + 20);
    await scene.stop();
    const end = await running;
    assert.equal(end.status === 'finished' && end.ending, 'stopped');
    const text = end.status === 'finished' ? end.text : '';
    assert.ok(text.length < PROMPT.length + 31 && text === scene.texts().at(-1), text);
    assert.deepEqual(end.status === 'finished' && [end.modelVersion, end.engine], ['v', 'e']);
  });

  it('says what failed, and keeps what was shown', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    await scene.tell({ type: 'failed', code: 'no_progress', message: 'A sentence.' });
    const error = { code: 'no_progress', message: 'A sentence.' };
    assert.deepEqual(await running, { status: 'failed', text: TEXT.slice(0, 40), error });
  });

  it('never shows less than its predecessor did', async () => {
    const scene = new Scene();
    scene.record = { state: { status: 'writing', text: TEXT.slice(0, 60) }, delivered: false };
    const running = scene.run(1_000);
    await scene.tell(snapshot(20));
    await scene.tell(snapshot(50));
    await scene.tell({ type: 'done', story: STORY });
    while (scene.shown.at(-1)?.status !== 'finished') {
      scene.now += 20;
      await breathe();
    }
    await running;
    for (const text of scene.texts()) assert.ok(text.length >= 60);
  });

  it('delivers what its predecessor wrote down and did not deliver, and writes no story again', async () => {
    const scene = new Scene();
    const state: ReplyState = { status: 'finished', ...STORY };
    scene.record = { state, delivered: false };
    assert.deepEqual(await scene.run(), state);
    assert.deepEqual(scene.log, ['write', 'finish', 'delivered', 'remove']);
    scene.log.length = 0;
    assert.deepEqual(await scene.run(), state);
    assert.deepEqual(scene.log, ['remove'], 'delivered before: only the story is left to remove');
  });

  it('needs no surface where the record is what is shown', async () => {
    const scene = new Scene();
    const running = scene.run(0, null);
    await scene.tell({ type: 'done', story: STORY });
    await running;
    assert.ok(scene.log.includes('delivered') && !scene.log.includes('finish'));
  });

  it('ends at once, and leaves the story, when another is to have the reply', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    scene.abort.abort(new Error('handed over'));
    await assert.rejects(running, /handed over/);
    assert.ok(!scene.log.includes('remove') && !scene.log.includes('finish'));
  });

  it('comes to the same end wherever it breaks down', async () => {
    let broken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(12), { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: TEXT.length }), { maxLength: 6 }),
        async (crashes, lengths) => {
          const scene = new Scene();
          let furthest: StoryUpdate = { type: 'waiting' };
          let end: ReplyState | undefined;
          for (const crash of [...crashes, Number.POSITIVE_INFINITY]) {
            let calls = 0;
            scene.before = () => {
              if (calls++ !== crash) return;
              broken++;
              throw new Error('crash');
            };
            scene.editing = 0;
            scene.present = furthest;
            const running = scene.run().then(
              (state) => {
                end = state;
              },
              (error: Error) => assert.equal(error.message, 'crash'),
            );
            let over = false;
            running.then(() => {
              over = true;
            });
            const script = [...lengths.toSorted((a, b) => a - b).map((length) => snapshot(length))];
            script.push({ type: 'done', story: STORY });
            for (const update of script) {
              for (let turn = 0; turn < 4 && !over; turn++) await breathe();
              if (over) break;
              furthest = update;
              await Promise.race([scene.tell(update), running]);
            }
            await running;
            if (end) break;
          }
          assert.deepEqual(end, { status: 'finished', ...STORY });
          let shown = '';
          for (const text of scene.texts()) {
            assert.ok(text.startsWith(shown), `${shown.length} -> ${text.length}`);
            shown = text;
          }
          assert.equal(shown, TEXT);
          assert.equal(scene.log.filter((what) => what === 'remove').length, 1);
          assert.ok(scene.log.indexOf('delivered') < scene.log.indexOf('remove'));
        },
      ),
      { numRuns: 200 },
    );
    assert.ok(broken > 100, `${broken} crashes`);
  });
});
