import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoryError } from '../../../src/errors.ts';
import { EngineLostError } from '../../../src/generator/engines/engine.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import type { Storyteller, TellOptions } from '../../../src/generator/storyteller.ts';
import type { Report } from '../../../src/page/backend/worker.ts';
import { BrowserModelRegistry } from '../../../src/page/story-worker/models.ts';
import { StoryWriter } from '../../../src/page/story-worker/writer.ts';
import { keptText } from '../../../src/story/continuations.ts';
import { ENTRY_BYTES, ProbabilityReader, toBase64 } from '../../../src/story/probabilities.ts';
import type { ReplyState, StoryRequest } from '../../../src/story/story.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';
import { nextOfWords, vocabulary } from '../../fakes/fake-storyteller.ts';
import { randomModel } from '../../generator/model/random-model.ts';
import { until } from '../../helpers/programs.ts';

const REQUEST: StoryRequest = {
  prompt: 'It all began with',
  context: '',
  temperature: 0.4,
  length: 600,
  seed: 7,
  model: 'scifi',
};

/**
 * A writer whose engines are fakes; `fetches` lists its requests to its environment.
 *
 * @param names of the engines, one for each time that one is opened; by default always the same
 */
function setUp({
  fetchModel = async (): Promise<Model> => ({ ...randomModel(), vocabulary }),
  names = [] as readonly string[],
} = {}) {
  const engines: FakeEngine[] = [];
  const reports: Report[] = [];
  let begun = () => {};
  let fetches = 0;
  const report = (message: Report) => {
    reports.push(message);
    if (states('a').length === 3) begun();
  };
  const models = new BrowserModelRegistry({
    fetchModel: (_name, onProgress) => {
      fetches++;
      for (const share of [0.001, 0.5, 0.501, 1]) onProgress(share);
      return fetchModel();
    },
    engines: {
      prepare: async () => {},
      create: async (_model, capacity) => {
        engines.push(engineOf(names[engines.length] ?? 'fake', capacity));
        return engines.at(-1)!;
      },
      recover: async () => {},
    },
    onStatus: (status) => report({ type: 'status', status }),
  });
  let now = 0;
  // Every read of the clock is 40 ms later: a snapshot at about every third word.
  const writer = new StoryWriter(models, report, () => (now += 40));
  const states = (id: string): ReplyState[] =>
    reports.flatMap((report) => (report.type === 'state' && report.id === id ? [report.state] : []));
  const end = (id: string) =>
    until(
      () => states(id).find(({ status }) => status === 'finished' || status === 'failed'),
      `the end of ${id}`,
    );
  const statuses = () => reports.flatMap((report) => (report.type === 'status' ? [report.status] : []));
  /** Acts synchronously when story `a` has some text; a fake's whole story takes milliseconds. */
  const onSomeText = (action: () => void) => {
    begun = action;
  };
  return { writer, engines, states, end, statuses, onSomeText, fetches: () => fetches };
}

/** An engine whose stories depend on its name. */
function engineOf(name: string, capacity: number): FakeEngine {
  const next: typeof nextOfWords = (history, uniform, allowed) =>
    nextOfWords(history, (uniform + name.length / 100) % 1, allowed);
  return new FakeEngine({ name, capacity, next });
}

const textOf = (state: ReplyState) => ('text' in state ? state.text : '');

describe('the writer in the worker', () => {
  it('reports the growth of a story, and its end once', async () => {
    const { writer, states, end, statuses, fetches } = setUp();
    writer.handle({ type: 'prepare', model: 'scifi' });
    writer.handle({ type: 'write', id: 'a', request: REQUEST });
    const last = await end('a');
    assert.equal(last.status, 'finished');
    const texts = states('a').map(textOf);
    assert.ok(texts.length > 5);
    for (let i = 1; i < texts.length - 1; i++) {
      assert.ok(texts[i]!.startsWith(texts[i - 1]!) && texts[i]!.length > texts[i - 1]!.length);
    }
    assert.ok(texts.at(-1)!.startsWith(texts.at(-2)!));
    assert.equal(fetches(), 1, 'prepared once for all requests');
    assert.deepEqual(statuses(), [
      { phase: 'loading', loaded: 0 },
      { phase: 'loading', loaded: 0.5 },
      { phase: 'loading', loaded: 1 },
      { phase: 'ready', loaded: 1 },
    ]);
  });

  it('keeps the first sentences of a brief story, of one batch with others', async () => {
    const { writer, end } = setUp();
    const brief = { ...REQUEST, brief: true };
    for (const [index, id] of ['a', 'b'].entries()) {
      writer.handle({ type: 'write', id, request: { ...brief, seed: index } });
    }
    for (const id of ['a', 'b']) {
      const text = textOf(await end(id));
      assert.equal(keptText(brief, text), text);
      assert.ok(text.length > REQUEST.prompt.length && text.length < REQUEST.prompt.length + 280, text);
    }
  });

  it('masks vulgar words, from the first snapshot to the end', async () => {
    const { writer, states, end } = setUp();
    writer.handle({
      type: 'write',
      id: 'a',
      request: { ...REQUEST, prompt: 'What the fuck, said the ship' },
    });
    const last = textOf(await end('a'));
    assert.ok(last.startsWith('What the f***, said the ship') && last.length > 400);
    for (const text of states('a').map(textOf)) assert.ok(last.startsWith(text), text);
  });

  it('gives no probabilities of masked letters', async () => {
    const text = `${REQUEST.prompt} a fucking signal in the ice.`;
    const from = REQUEST.prompt.length;
    const entries = toBase64(new Uint8Array((text.length - from) * ENTRY_BYTES).fill(9));
    const probabilities = { alphabet: 'abcdefghijkl', from, entries };
    const credits = { modelVersion: 'v', engine: 'e', unreadable: 0 };
    const storyteller = {
      credits,
      tell: async (_request: StoryRequest, { onWord }: TellOptions) => {
        onWord?.(
          () => text.slice(0, -5),
          () => ({ probabilities }),
        );
        return { text, probabilities, ending: 'complete', ...credits };
      },
    } as unknown as Storyteller;
    const states: ReplyState[] = [];
    const writer = new StoryWriter(
      { storyteller: async () => storyteller, recover: async () => {} },
      (report) => report.type === 'state' && states.push(report.state),
      () => 0,
    );
    writer.handle({ type: 'write', id: 'a', request: { ...REQUEST, probabilities: true } });
    await until(() => states.at(-1)?.status === 'finished', 'the end');
    assert.equal(states.length, 2);
    for (const state of states) {
      assert.ok('probabilities' in state);
      const reader = new ProbabilityReader(state.probabilities!);
      const known = Array.from({ length: textOf(state).length - from }, (_, index) =>
        reader.probabilityAt(from + index) === undefined ? '*' : textOf(state)[from + index],
      );
      assert.equal(known.join(''), textOf(state).slice(from));
      assert.match(known.join(''), /^ a f\*{6} signal/);
    }
  });

  it('stops a story midway, and another continues', async () => {
    const { writer, end, onSomeText } = setUp();
    onSomeText(() => writer.handle({ type: 'stop', id: 'a' }));
    for (const id of ['a', 'b']) writer.handle({ type: 'write', id, request: REQUEST });
    const stopped = await end('a');
    const whole = await end('b');
    assert.ok(stopped.status === 'finished' && stopped.ending === 'stopped');
    assert.ok(whole.status === 'finished' && whole.ending === 'complete');
    assert.ok(whole.text.startsWith(stopped.text) && stopped.text.length < whole.text.length);
  });

  it('stops a story that waits for a model', async () => {
    const { writer, end } = setUp({ fetchModel: () => new Promise(() => {}) });
    writer.handle({ type: 'write', id: 'a', request: REQUEST });
    writer.handle({ type: 'stop', id: 'a' });
    const state = await end('a');
    assert.ok(state.status === 'finished' && state.ending === 'stopped');
    assert.equal(state.text, REQUEST.prompt);
  });

  it('continues from the last snapshot when the device is lost, for any number of stories', async () => {
    const calm = setUp();
    calm.writer.handle({ type: 'write', id: 'a', request: REQUEST });
    const expected = textOf(await calm.end('a'));

    const { writer, engines, states, end, onSomeText, fetches } = setUp();
    onSomeText(() => {
      engines[0]!.failure = new EngineLostError('fake', 'it was unplugged');
    });
    for (const id of ['a', 'b']) writer.handle({ type: 'write', id, request: REQUEST });
    for (const id of ['a', 'b']) {
      assert.equal(textOf(await end(id)), expected);
      const texts = states(id).map(textOf);
      assert.ok(texts.every((text, i) => text.startsWith(texts[i - 1] ?? '')));
    }
    assert.equal(engines.length, 2, 'one engine for both');
    assert.equal(fetches(), 1, 'the weights are still here');
  });

  it('begins anew when the next engine would continue with other characters', async () => {
    const calm = setUp({ names: ['integer-1'] });
    calm.writer.handle({ type: 'write', id: 'a', request: REQUEST });
    const expected = await calm.end('a');

    const { writer, engines, states, end, onSomeText } = setUp({ names: ['tensorflow-webgpu', 'integer-1'] });
    onSomeText(() => {
      engines[0]!.failure = new EngineLostError('fake', 'it was unplugged');
    });
    writer.handle({ type: 'write', id: 'a', request: REQUEST });
    assert.deepEqual(await end('a'), { ...expected, beginning: 1 });
    const begun = states('a').findIndex((state) => state.status === 'writing' && state.beginning === 1);
    const [before, after] = [states('a').slice(0, begun), states('a').slice(begun)].map((all) =>
      all.map(textOf),
    );
    assert.ok(before!.length >= 3 && !textOf(expected).startsWith(before!.at(-1)!), 'another text was begun');
    for (const text of after!) assert.ok(textOf(expected).startsWith(text), text);
  });

  it('reports what is missing, and tries again at the next request', async () => {
    let works = false;
    const missing = new StoryError('model_unavailable', 'The weights are away.');
    const { writer, end, statuses } = setUp({
      fetchModel: async () => {
        if (!works) throw missing;
        return { ...randomModel(), vocabulary };
      },
    });
    writer.handle({ type: 'write', id: 'a', request: REQUEST });
    const failed = await end('a');
    assert.ok(failed.status === 'failed' && failed.error.message === missing.message);
    assert.equal(statuses().at(-1), undefined);
    works = true;
    writer.handle({ type: 'write', id: 'b', request: REQUEST });
    assert.equal((await end('b')).status, 'finished');
    assert.equal(statuses().at(-1)?.phase, 'ready');
  });
});
