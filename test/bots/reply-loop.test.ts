import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import fc from 'fast-check';
import { EDIT_INTERVAL_MS, type ReplySurface, replyWithStory } from '../../src/bots/reply-loop.ts';
import type { StorySource } from '../../src/bots/story-feed.ts';
import { Deferred } from '../../src/queue/admission/admission-order.ts';
import type { Admissibility } from '../../src/queue/admission/limits.ts';
import type { ReplyRecord, ReplyTask } from '../../src/queue/reply-worker.ts';
import type { StoryProgress, StoryUpdate } from '../../src/queue/stories.ts';
import { ENTRY_BYTES, ProbabilityReader, toBase64 } from '../../src/story/probabilities.ts';
import { beginningOf, type ReplyState, type Story, type StoryRequest } from '../../src/story/story.ts';

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
const STORY: Story = { text: TEXT, ending: 'complete', modelVersion: 'v', engine: 'e', unreadable: 3 };

function snapshot(length: number, text = TEXT): { type: 'writing'; progress: StoryProgress } {
  const progress: StoryProgress = {
    text: text.slice(0, length),
    modelVersion: 'v',
    engine: 'e',
    unreadable: 3,
    losses: 0,
  };
  return { type: 'writing', progress };
}

/** The text that the writer of a later beginning gives to the same request. */
function textOfBeginning(beginning: number): string {
  return beginning === 0 ? TEXT : `${PROMPT} beginning ${beginning}, which no earlier writer had. And so on.`;
}

/** The same story by the writer of a later beginning. */
function storyOf(beginning: number): Story {
  if (beginning === 0) return STORY;
  return { ...STORY, text: textOfBeginning(beginning), engine: `e${beginning}`, beginning };
}

/** A snapshot of that story. */
function snapshotOf(beginning: number, length: number): StoryUpdate {
  if (beginning === 0) return snapshot(length);
  const { text, ending: _, ...credits } = storyOf(beginning);
  return { type: 'writing', progress: { ...credits, text: text.slice(0, length), losses: 0 } };
}

/** Lets everything happen that needs no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await breathe();
}

/** A reply whose dependencies are played by the test. */
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
  /** The time that the surface takes. */
  pause: () => Promise<unknown> = () => breathe();
  stopped = false;
  looks = 0;
  /** Called before every write, edit and finish; may throw. */
  before: (what: string) => void = () => {};
  /** The story's state, for a follower that reads it at once. */
  present: StoryUpdate | undefined;
  isFirst = true;
  failure: ReplyTask<null>['failure'];
  request = REQUEST;
  /** The successive answers to its admission checks; the last one repeats. */
  turns: Admissibility[] = [{ mayBegin: true, ahead: 0 }];

  readonly stories: StorySource = {
    add: async (_id, _request, level) => void this.log.push(level > 0 ? `add ${level}` : 'add'),
    promote: async () => void this.log.push('advance'),
    follow: (_, listener, isNew) => {
      this.log.push(isNew ? 'follow what is new' : 'follow');
      this.#listener = listener;
      if (this.present && !isNew) queueMicrotask(() => listener(this.present!));
      return () => {
        this.#listener = undefined;
      };
    },
    position: async () => {
      this.looks++;
      return this.place;
    },
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
    await this.pause();
    this.editing--;
    this.log.push(what);
    this.shown.push(state);
  }

  task(): ReplyTask<null> {
    return {
      id: 'id',
      request: this.request,
      handle: null,
      isFirst: this.isFirst,
      record: this.record,
      failure: this.failure,
      admissibility: async () => (this.turns.length > 1 ? this.turns.shift()! : this.turns[0]!),
      write: async (record) => {
        this.before('write');
        this.record = record;
        this.log.push(record.delivered ? 'delivered' : 'write');
      },
      onStop: (listener) => {
        this.#stop = listener;
        if (this.stopped) listener();
      },
      confirm: async () => void this.log.push('confirm'),
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

  /** Keeps edits in flight until the returned function is called. */
  holdEdits(): () => void {
    let release = () => {};
    this.pause = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    return () => {
      this.pause = () => breathe();
      release();
    };
  }

  async editBegun(): Promise<void> {
    while (this.editing === 0) await breathe();
  }

  /** Waits until a text of this length, or a longer one, is shown. */
  async seen(length: number): Promise<void> {
    while (!this.shown.some((state) => 'text' in state && state.text.length >= length)) await breathe();
  }

  texts(): string[] {
    return this.shown.flatMap((state) => ('text' in state ? [state.text] : []));
  }
}

describe('replyWithStory', { timeout: 240_000 }, () => {
  it('masks vulgar words in all that it records and shows, and continues from the masked text', async () => {
    const told = TEXT.replace('nobody had', 'no fucking body had').replace('Nobody came', 'Shit came');
    const posted = TEXT.replace('nobody had', 'no f****** body had').replace('Nobody came', 'S*** came');
    const scene = new Scene();
    scene.run().catch(() => {});
    await scene.tell(snapshot(told.indexOf(' body'), told));
    await scene.seen(40);
    scene.abort.abort();
    const successor = new Scene();
    successor.record = scene.record;
    successor.isFirst = false;
    const running = successor.run();
    await successor.tell(snapshot(told.indexOf(' the sea'), told));
    await successor.seen(60);
    await successor.tell({ type: 'done', story: { ...STORY, text: told } });
    assert.deepEqual(await running, { status: 'finished', ...STORY, text: posted });
    for (const text of [...scene.texts(), ...successor.texts()]) assert.ok(posted.startsWith(text), text);
    assert.ok(scene.texts().at(-1)!.endsWith('f******'));
    assert.deepEqual(successor.record, { state: await running, delivered: true });
  });

  it('gives no probabilities of masked letters, which would spell them out, stopped or not', async () => {
    const told = TEXT.replace('nobody had', 'no fucking body had');
    const masked = told.indexOf('ucking');
    const bytes = new Uint8Array((told.length - PROMPT.length) * ENTRY_BYTES).fill(9);
    const probabilities = { alphabet: 'abcdefghijkl', from: PROMPT.length, entries: toBase64(bytes) };
    for (const end of ['done', 'stop'] as const) {
      const scene = new Scene();
      const running = scene.run();
      const { progress } = snapshot(told.indexOf(' the sea'), told);
      await scene.tell({ type: 'writing', progress: { ...progress, probabilities } });
      await scene.seen(60);
      if (end === 'stop') await scene.stop();
      else await scene.tell({ type: 'done', story: { ...STORY, text: told, probabilities } });
      for (const state of [...scene.shown, await running]) {
        if (!('text' in state) || state.text.length <= masked) continue;
        assert.ok('probabilities' in state);
        const reader = new ProbabilityReader(state.probabilities!);
        for (let offset = PROMPT.length; offset < state.text.length; offset++) {
          const isMasked = offset >= masked && offset < masked + 'ucking'.length;
          assert.equal(reader.probabilityAt(offset) === undefined, isMasked, `${end} ${offset}`);
          assert.equal(reader.candidatesAt(offset).length === 0, isMasked);
        }
      }
    }
  });

  it('shows the masked prompt for a story that was stopped or failed before its first word', async () => {
    for (const end of ['stop', 'fail'] as const) {
      const scene = new Scene();
      scene.request = { ...REQUEST, prompt: 'What the fuck' };
      const running = scene.run();
      if (end === 'stop') await scene.stop();
      else await scene.tell({ type: 'failed', code: 'internal', message: 'Broken.' });
      const state = await running;
      assert.equal('text' in state && state.text, 'What the f***');
    }
  });

  it('shows the growing text, then the whole, then removes the story', async () => {
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

  it('skips to the newest snapshot after an edit, and ignores shorter and diverging ones', async () => {
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

  it('replaces its text when the story begins anew, and ignores the earlier beginning from then on', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(60));
    await scene.seen(60);
    await scene.tell(snapshotOf(1, 30));
    while (scene.shown.length < 2) await breathe();
    await scene.tell(snapshot(80));
    await scene.tell(snapshotOf(1, 50));
    while (scene.shown.length < 3) await breathe();
    await scene.tell({ type: 'done', story: storyOf(1) });
    assert.deepEqual(await running, { status: 'finished', ...storyOf(1) });
    assert.deepEqual(scene.shown, [
      { status: 'writing', text: TEXT.slice(0, 60) },
      { status: 'writing', text: textOfBeginning(1).slice(0, 30), beginning: 1 },
      { status: 'writing', text: textOfBeginning(1).slice(0, 50), beginning: 1 },
      { status: 'finished', ...storyOf(1) },
    ]);
  });

  it('reveals a new beginning at its pace, from the prompt on', async () => {
    const scene = new Scene();
    const running = scene.run(100);
    await scene.tell(snapshot(TEXT.length));
    await scene.seen(PROMPT.length);
    scene.now = 400;
    await scene.seen(PROMPT.length + 30);
    await scene.tell(snapshotOf(1, 70));
    const anew = () => scene.shown.find((state) => state.status === 'writing' && state.beginning === 1);
    while (!anew()) await breathe();
    assert.deepEqual(anew(), { status: 'writing', text: PROMPT, beginning: 1 });
    await scene.stop();
    const { text: _, ...rest } = storyOf(1);
    const end = { ...rest, status: 'finished', ending: 'stopped', text: PROMPT };
    assert.deepEqual(await running, end, 'is stopped at what it shows');
  });

  it('shows a new beginning that came while no process followed the reply', async () => {
    for (const present of [snapshotOf(1, 40), { type: 'done', story: storyOf(1) } as const]) {
      const first = new Scene();
      const lost = first.run();
      await first.tell(snapshot(60));
      await first.seen(60);
      first.abort.abort(new Error('handed over'));
      await assert.rejects(lost, /handed over/);
      const second = new Scene();
      second.isFirst = false;
      second.record = first.record;
      second.present = present;
      const running = second.run();
      if (present.type === 'writing') {
        while (second.shown.length === 0) await breathe();
        assert.deepEqual(second.shown, [
          { status: 'writing', text: textOfBeginning(1).slice(0, 40), beginning: 1 },
        ]);
        await second.tell({ type: 'done', story: storyOf(1) });
      }
      assert.deepEqual(await running, { status: 'finished', ...storyOf(1) });
    }
  });

  it('credits the writer of the shown text when it is stopped as another one begins', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(60));
    await scene.seen(60);
    const release = scene.holdEdits();
    await scene.tell(snapshot(70));
    await scene.editBegun();
    await scene.tell(snapshotOf(1, 40));
    await scene.stop();
    release();
    const { text: _, ...rest } = STORY;
    const end = { ...rest, status: 'finished', ending: 'stopped', text: TEXT.slice(0, 70) };
    assert.deepEqual(await running, end);
  });

  it('shows the position in the queue, and its changes', async () => {
    const scene = new Scene();
    scene.place = 3;
    const running = scene.run();
    // Without those that are shown again.
    const places = () => [
      ...new Set(scene.shown.flatMap((state) => (state.status === 'waiting' ? [state.position] : []))),
    ];
    while (places().length < 1) {
      scene.now += 50;
      await scene.tell({ type: 'waiting' });
      await breathe();
    }
    const looked = scene.looks;
    while (scene.looks < looked + 2) {
      scene.now += 500;
      await breathe();
    }
    assert.deepEqual(places(), [3]);
    scene.place = 2;
    while (places().length < 2) {
      scene.now += 50;
      await breathe();
    }
    assert.deepEqual(places(), [3, 2]);
    await scene.tell({ type: 'done', story: STORY });
    assert.equal((await running).status, 'finished');
  });

  it('shows a state again that does not change: its edit may have been skipped, and its line be another', async () => {
    const scene = new Scene();
    scene.place = 3;
    const running = scene.run();
    const again = async (state: ReplyState['status'], times: number) => {
      while (scene.shown.filter(({ status }) => status === state).length < times) {
        scene.now += 500;
        await breathe();
      }
    };
    await again('waiting', 3);
    await scene.tell(snapshot(40));
    await again('writing', 3);
    const states = [...new Set(scene.shown.map((state) => JSON.stringify(state)))];
    assert.deepEqual(
      states.map((state) => (JSON.parse(state) as ReplyState).status),
      ['waiting', 'writing'],
    );
    const written = scene.log.filter((what) => what === 'write').length;
    assert.equal(written, 2, 'each state is written once');
    await scene.tell({ type: 'done', story: STORY });
    assert.equal((await running).status, 'finished');
  });

  it('ends with the prompt when it is stopped before the first word', async () => {
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

  it('keeps the shown text when it is stopped, even when more has been generated', async () => {
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

  it('keeps the shown text when it is stopped midway, and ignores later snapshots', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    await scene.stop();
    await scene.tell(snapshot(80));
    const writer = { modelVersion: 'v', engine: 'e', unreadable: 3 };
    const end = { status: 'finished', ending: 'stopped', text: TEXT.slice(0, 40), ...writer };
    assert.deepEqual(await running, end);
    assert.deepEqual(scene.shown.at(-1), end);
    assert.deepEqual(scene.log.slice(-5), ['stop', 'write', 'finish', 'delivered', 'remove']);
  });

  it('does not begin a story that was stopped before its start', async () => {
    const scene = new Scene();
    scene.stopped = true;
    assert.equal((await scene.run()).status, 'finished');
    assert.deepEqual(scene.log, ['stop', 'write', 'finish', 'delivered', 'remove']);
  });

  it('keeps the text that its predecessor showed when it was stopped between two workers', async () => {
    const scene = new Scene();
    scene.stopped = true;
    const text = TEXT.slice(0, 60);
    const credits = { modelVersion: 'v', engine: 'e', unreadable: 3 };
    scene.isFirst = false;
    scene.record = { state: { status: 'writing', text }, delivered: false, credits };
    const end = await scene.run();
    assert.deepEqual(end, { status: 'finished', ending: 'stopped', text, ...credits });
    assert.ok(!scene.log.includes('add'));
  });

  it('records model and engine for a successor that is stopped before its first snapshot', async () => {
    const first = new Scene();
    const running = first.run();
    await first.tell(snapshot(40));
    await first.seen(40);
    first.abort.abort(new Error('handed over'));
    await assert.rejects(running, /handed over/);

    const second = new Scene();
    second.isFirst = false;
    second.record = first.record;
    const ending = second.run();
    await second.stop();
    const credits = { modelVersion: 'v', engine: 'e', unreadable: 3 };
    assert.deepEqual(await ending, {
      status: 'finished',
      ending: 'stopped',
      text: TEXT.slice(0, 40),
      ...credits,
    });
  });

  it('waits for its admission without adding a story, shows this once, and resumes later', async () => {
    const scene = new Scene();
    scene.turns = [{ mayBegin: false, ahead: 1 }];
    await assert.rejects(scene.run(), Deferred);
    const heldBack = { status: 'waiting', position: null, afterOwn: true };
    assert.deepEqual(scene.shown, [heldBack]);
    assert.deepEqual(scene.log, ['write', 'edit', 'write']);

    const again = new Scene();
    again.isFirst = false;
    again.record = scene.record;
    again.turns = [{ mayBegin: false, ahead: 1 }];
    await assert.rejects(again.run(), Deferred);
    assert.deepEqual(again.log, [], 'what is shown is not shown again');

    const last = new Scene();
    last.isFirst = false;
    last.record = scene.record;
    const running = last.run();
    await last.tell({ type: 'done', story: STORY });
    assert.equal((await running).status, 'finished');
  });

  it('begins when it is admitted while it shows its wait, or ends when it is stopped', async () => {
    const scene = new Scene();
    scene.turns = [
      { mayBegin: false, ahead: 1 },
      { mayBegin: true, ahead: 0 },
    ];
    const running = scene.run();
    await scene.tell({ type: 'done', story: STORY });
    assert.equal((await running).status, 'finished');

    const stopped = new Scene();
    stopped.turns = [{ mayBegin: false, ahead: 1 }];
    stopped.pause = () => stopped.stop();
    const end = await stopped.run();
    assert.equal(end.status === 'finished' && end.ending, 'stopped');
    assert.ok(!stopped.log.includes('add'));
  });

  it('lets earlier requests of other users go ahead of a further story, for a bounded time', async () => {
    const scene = new Scene();
    scene.turns = [{ mayBegin: true, ahead: 4 }];
    scene.place = 3;
    const running = scene.run();
    const wait = async (ms: number) => {
      const { looks } = scene;
      scene.now += ms;
      while (scene.looks === looks) await breathe();
      scene.now += 1_000;
      while (scene.looks === looks + 1) await breathe();
    };
    while (!scene.log.includes('add 4')) await breathe();
    await wait(20_000);
    assert.ok(!scene.log.includes('advance'));
    await wait(10_000);
    assert.equal(scene.log.filter((what) => what === 'advance').length, 1);
    await scene.tell({ type: 'done', story: STORY });
    await running;
  });

  it('follows a new story before it is added, without reading it', async () => {
    const scene = new Scene();
    scene.present = { type: 'missing' };
    const running = scene.run();
    await scene.tell({ type: 'done', story: STORY });
    assert.deepEqual(await running, { status: 'finished', ...STORY });
    assert.deepEqual(scene.log.slice(0, 2), ['follow what is new', 'add']);
  });

  it('adds a story again that the queue has lost, if it still owns the reply', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    await scene.tell({ type: 'missing' });
    // The new generation begins with the prompt: the shown text does not shrink.
    await scene.tell(snapshot(10));
    await scene.tell({ type: 'done', story: STORY });
    assert.deepEqual(await running, { status: 'finished', ...STORY });
    assert.deepEqual(
      scene.log.filter((what) => ['add', 'confirm'].includes(what)),
      ['add', 'confirm', 'add'],
    );
    assert.ok(scene.shown.every((state) => 'text' in state && state.text.length >= 40));
  });

  it('reads at once a story that its predecessor added without recording anything', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene();
    scene.isFirst = false;
    scene.present = { type: 'done', story: STORY };
    // No timer fires, and no further update arrives.
    assert.deepEqual(await scene.run(), { status: 'finished', ...STORY });
    // Added first: this covers a predecessor that did not add it either, and the story exists when it is
    // read.
    assert.deepEqual(scene.log.slice(0, 2), ['add', 'follow']);
  });

  it('waits for a slow surface, with one edit in flight, and then shows the newest', async () => {
    const scene = new Scene();
    const release = scene.holdEdits();
    const running = scene.run();
    await scene.tell(snapshot(20));
    await scene.editBegun();
    for (let length = 21; length <= 70; length++) {
      await scene.tell(snapshot(length));
      await breathe();
    }
    release();
    await scene.seen(70);
    assert.deepEqual(scene.texts(), [TEXT.slice(0, 20), TEXT.slice(0, 70)]);
    await scene.tell({ type: 'done', story: STORY });
    await running;
  });

  it('is stopped at once during a slow edit', async () => {
    const scene = new Scene();
    const release = scene.holdEdits();
    const running = scene.run();
    await scene.tell(snapshot(20));
    await scene.editBegun();
    await scene.stop();
    release();
    const end = await running;
    assert.equal(end.status === 'finished' && end.text, TEXT.slice(0, 20));
    assert.equal(scene.log.filter((what) => what === 'edit').length, 1);
  });

  it('delivers a failure that its predecessor recorded', async () => {
    const scene = new Scene();
    const error = { code: 'no_progress', message: 'A sentence.' };
    const state: ReplyState = { status: 'failed', text: TEXT.slice(0, 30), error };
    scene.record = { state, delivered: false };
    assert.deepEqual(await scene.run(), state);
    assert.deepEqual(scene.log, ['write', 'finish', 'delivered', 'remove']);
  });

  it('has no effect when it is cancelled before it begins', async () => {
    const scene = new Scene();
    scene.abort.abort(new Error('handed over'));
    await assert.rejects(scene.run(), /handed over/);
    assert.deepEqual(scene.log, ['follow what is new', 'add']);
  });

  it('reacts at once to updates, to Stop and to its own end, without a timer', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const stopped = new Scene();
    const stopping = stopped.run(100);
    await stopped.tell({ type: 'done', story: STORY });
    await stopped.seen(PROMPT.length);
    await settle();
    await stopped.stop();
    await stopping;

    const written = new Scene();
    const writing = written.run();
    for (const length of [20, 40]) {
      await written.tell(snapshot(length));
      await written.seen(length);
      await settle();
    }
    await written.tell({ type: 'done', story: STORY });
    await writing;

    const slow = new Scene();
    const release = slow.holdEdits();
    const showing = slow.run();
    await slow.tell(snapshot(20));
    await slow.editBegun();
    await slow.tell(snapshot(40));
    release();
    await slow.seen(40);
    await slow.stop();
    await showing;

    const lost = new Scene();
    const losing = lost.run();
    await settle();
    lost.abort.abort(new Error('handed over'));
    await assert.rejects(losing, /handed over/);
  });

  it('ignores updates while it reveals: edits keep their interval', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene();
    const running = scene.run(100);
    await scene.tell(snapshot(60));
    await scene.seen(PROMPT.length);
    for (let length = 61; length < 80; length++) {
      scene.now += 100;
      await scene.tell(snapshot(length));
      await settle();
    }
    assert.equal(scene.texts().length, 1, 'no edit before the interval is over');
    t.mock.timers.tick(EDIT_INTERVAL_MS);
    await settle();
    assert.equal(scene.texts().length, 2);
    await scene.stop();
    await running;
  });

  it('reports the failure, and keeps the shown text', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    await scene.tell({ type: 'failed', code: 'no_progress', message: 'A sentence.' });
    const error = { code: 'no_progress', message: 'A sentence.' };
    assert.deepEqual(await running, { status: 'failed', text: TEXT.slice(0, 40), error });
  });

  it('never shows less text than its predecessor', async () => {
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

  it('delivers what its predecessor recorded and did not deliver, and adds no story again', async () => {
    const scene = new Scene();
    const state: ReplyState = { status: 'finished', ...STORY };
    scene.record = { state, delivered: false };
    assert.deepEqual(await scene.run(), state);
    assert.deepEqual(scene.log, ['write', 'finish', 'delivered', 'remove']);
    scene.log.length = 0;
    assert.deepEqual(await scene.run(), state);
    assert.deepEqual(scene.log, ['remove'], 'delivered before: only the story is left to remove');
  });

  it('needs no surface where the record is the display', async () => {
    const scene = new Scene();
    const running = scene.run(0, null);
    await scene.tell({ type: 'done', story: STORY });
    await running;
    assert.ok(scene.log.includes('delivered') && !scene.log.includes('finish'));
  });

  it('ends at once, and keeps the story, when another worker takes over the reply', async () => {
    const scene = new Scene();
    const running = scene.run();
    await scene.tell(snapshot(40));
    await scene.seen(40);
    scene.abort.abort(new Error('handed over'));
    await assert.rejects(running, /handed over/);
    assert.ok(!scene.log.includes('remove') && !scene.log.includes('finish'));
  });

  it('reaches the same end from a crash at any call', async () => {
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
            scene.isFirst = scene.log.length === 0;
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
            const script: StoryUpdate[] = [
              ...lengths.toSorted((a, b) => a - b).map((length) => snapshot(length)),
            ];
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

/** How one attempt at a reply crashes. */
type Crash =
  /** The `call`-th external call throws; when `late`, after it has had its effect. */
  | { readonly type: 'call'; readonly call: number; readonly late: boolean }
  /** The process loses the reply after so many event-loop turns. */
  | { readonly type: 'abort'; readonly turn: number };

interface Script {
  /**
   * Snapshots in order: the length, whether it is a diverging or late one of a lost worker, and whether another
   * writer begins the story anew with it.
   */
  readonly snapshots: readonly {
    readonly length: number;
    readonly diverges: boolean;
    readonly isAnew: boolean;
  }[];
  readonly ending: 'done' | 'failed';
  /** The number of snapshots after which a user presses Stop. */
  readonly stopAfter: number | null;
  readonly pace: number;
}

const FAILURE = { code: 'internal', message: 'It broke.' } as const;

/** A queue, a platform and a clock that persist across the processes that run the reply. */
class World {
  record: ReplyRecord | undefined;
  /** What was shown, without the waits. */
  readonly shown: Extract<ReplyState, { text: string }>[] = [];
  readonly finishes: ReplyState[] = [];
  /** The beginning that the story has reached. */
  beginning = 0;
  /** The beginning of the text that was recorded last, which a failure leaves. */
  recorded = 0;
  #attempts = 0;
  readonly faults: string[] = [];
  story: 'absent' | 'there' | 'removed' = 'absent';
  crashes = 0;
  readonly #script: Script;
  #told = 0;
  #present: StoryUpdate = { type: 'waiting' };
  #stopped = false;
  #now = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  /** One process's attempt; undefined when it crashed. */
  async attempt(crash: Crash | undefined): Promise<ReplyState | undefined> {
    const abort = new AbortController();
    let listener: ((update: StoryUpdate) => void) | undefined;
    let stopListener = () => {};
    let calls = 0;
    let editing = 0;
    const outside = async (effect: () => void) => {
      const fails = crash?.type === 'call' && calls++ === crash.call;
      if (!fails || crash.late) effect();
      await breathe();
      if (fails) throw new Error('crash');
    };
    const surface = async (state: ReplyState, effect: () => void) => {
      if (++editing > 1) this.faults.push('two edits in flight');
      try {
        await outside(() => {
          if (this.record?.state !== state) this.faults.push('shown before it was written down');
          if ('text' in state) this.shown.push(state);
          effect();
        });
      } finally {
        editing--;
      }
    };
    const stories: StorySource = {
      promote: () => outside(() => {}),
      add: () =>
        outside(() => {
          if (this.story === 'removed') this.faults.push('added again');
          this.story = 'there';
        }),
      follow: (_, told, isNew) => {
        listener = told;
        if (isNew && this.story !== 'absent') this.faults.push('what has happened is not read');
        if (!isNew && this.story === 'absent') this.faults.push('read before it was added');
        // No event is missed: a follower reads the current state.
        if (this.story === 'removed') told({ type: 'missing' });
        else if (this.story === 'there') queueMicrotask(() => told(this.#present));
        return () => {
          listener = undefined;
        };
      },
      position: async () => 1 + (this.#now % 3),
      stop: () => outside(() => {}),
      remove: () =>
        outside(() => {
          if (!this.record?.delivered) this.faults.push('removed before it was delivered');
          this.story = 'removed';
        }),
    };
    const task: ReplyTask<null> = {
      id: 'id',
      request: REQUEST,
      handle: null,
      isFirst: this.#attempts++ === 0,
      record: this.record,
      failure: undefined,
      admissibility: () => outside(() => {}).then(() => ({ mayBegin: true, ahead: 0 })),
      write: (record) =>
        outside(() => {
          this.record = record;
          if (record.state.status === 'writing') this.recorded = beginningOf(record.state);
        }),
      onStop: (heard) => {
        stopListener = heard;
        if (this.#stopped) heard();
      },
      confirm: async () => abort.signal.throwIfAborted(),
      signal: abort.signal,
    };
    let settled = false;
    const running = replyWithStory(task, 'story', {
      stories,
      surface: {
        edit: (state) => surface(state, () => {}),
        finish: (state) => surface(state, () => this.finishes.push(state)),
      },
      pace: this.#script.pace,
      clock: () => this.#now,
    }).then(
      (state) => state,
      (error: Error) => {
        if (error.message !== 'crash') throw error;
        this.crashes++;
        return undefined;
      },
    );
    const end = running.finally(() => {
      settled = true;
    });
    for (let turn = 0; !settled; turn++) {
      assert.ok(turn < 2_000, 'the reply comes to an end');
      if (crash?.type === 'abort' && turn === crash.turn) abort.abort(new Error('crash'));
      if (this.story === 'there' && turn % 3 === 2) {
        this.#goOn();
        listener?.(this.#present);
      }
      if (!this.#stopped && this.#script.stopAfter !== null && this.#told >= this.#script.stopAfter) {
        this.#stopped = true;
        stopListener();
      }
      this.#now += 125;
      mock.timers.tick(125);
      await breathe();
    }
    return end;
  }

  #goOn(): void {
    const { snapshots, ending } = this.#script;
    const next = snapshots[this.#told++];
    if (!next) {
      const done = { type: 'done', story: storyOf(this.beginning) } as const;
      this.#present = ending === 'done' ? done : { type: 'failed', ...FAILURE };
      return;
    }
    if (next.isAnew) this.beginning++;
    if (this.beginning > 0) {
      this.#present = snapshotOf(this.beginning - (next.diverges ? 1 : 0), next.length);
      return;
    }
    const shown = this.record?.state.status === 'writing' ? this.record.state.text.length : 0;
    // A diverging snapshot differs within the shown text: a later difference is not detectable.
    const diverges = next.diverges && shown > 0;
    this.#present = snapshot(next.length, diverges ? `?${TEXT.slice(1)}` : TEXT);
  }
}

describe('replyWithStory, over random scripts and crashes', { timeout: 240_000 }, () => {
  const crash: fc.Arbitrary<Crash> = fc.oneof(
    fc.record({ type: fc.constant('call' as const), call: fc.nat(14), late: fc.boolean() }),
    fc.record({ type: fc.constant('abort' as const), turn: fc.nat(30) }),
  );
  const script: fc.Arbitrary<Script> = fc.record({
    snapshots: fc.array(
      fc.record({
        length: fc.integer({ min: PROMPT.length, max: TEXT.length }),
        diverges: fc.boolean(),
        isAnew: fc.nat(5).map((number) => number === 0),
      }),
      { maxLength: 8 },
    ),
    ending: fc.constantFrom('done', 'done', 'failed'),
    stopAfter: fc.option(fc.nat(10), { freq: 3 }),
    pace: fc.constantFrom(0, 60, 1_000),
  });

  it('ends in one state, with a shown text that only grew in each beginning, over any crashes', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const seen = new Map<string, number>();
    const count = (what: string, by = 1) => seen.set(what, (seen.get(what) ?? 0) + by);
    try {
      await fc.assert(
        fc.asyncProperty(script, fc.array(crash, { maxLength: 5 }), async (scripted, crashes) => {
          const world = new World(scripted);
          let end: ReplyState | undefined;
          for (const next of crashes) {
            end = await world.attempt(next);
            if (end) break;
          }
          end ??= await world.attempt(undefined);
          assert.deepEqual(world.faults, []);
          assert.deepEqual(world.record, { state: end, delivered: true });
          assert.equal(world.story, 'removed');
          assert.ok(world.finishes.length > 0);
          for (const state of world.finishes) assert.deepEqual(state, end, 'the same end, however often');
          let shown = '';
          let beginning = 0;
          for (const state of world.shown) {
            const now = state.status === 'failed' ? world.recorded : beginningOf(state);
            assert.ok(now >= beginning, `beginning ${beginning}, then ${now}`);
            const grows = now > beginning || state.text.startsWith(shown);
            assert.ok(grows, `${JSON.stringify(shown)}, then ${JSON.stringify(state.text)}`);
            shown = state.text;
            if (now > beginning) count('begun anew');
            beginning = now;
          }
          assert.ok(
            end && textOfBeginning(beginning).startsWith(shown),
            'one writer wrote all that is shown',
          );
          if (end.status === 'failed')
            assert.deepEqual(end, { status: 'failed', text: shown, error: FAILURE });
          else if (end.status === 'finished' && end.ending === 'stopped') {
            assert.notEqual(scripted.stopAfter, null);
            assert.equal(end.text, shown);
            const { engine } = storyOf(beginning);
            if (shown !== PROMPT)
              assert.deepEqual([end.modelVersion, end.engine, end.unreadable], ['v', engine, 3]);
          } else assert.deepEqual(end, { status: 'finished', ...storyOf(world.beginning) });
          if (scripted.stopAfter === null)
            assert.equal(end.status === 'failed', scripted.ending === 'failed');
          count('crashes', world.crashes);
          count(end.status === 'finished' ? end.ending : end.status);
        }),
        { numRuns: 500 },
      );
    } finally {
      mock.timers.reset();
    }
    // The counts are not trivially reached: the runs must cover every outcome.
    for (const what of ['crashes', 'complete', 'stopped', 'failed', 'begun anew']) {
      assert.ok((seen.get(what) ?? 0) >= 20, `${what}: ${seen.get(what)}`);
    }
  });
});
