import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { Vocabulary, wordsFile } from '../../src/generator/vocabulary.ts';
import { splitWords } from '../../src/generator/words.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import { FakeEngine, type FakeEngineOptions } from '../fakes/fake-engine.ts';
import { fakeModel, fakeStoryteller, vocabulary } from '../fakes/fake-storyteller.ts';

const REQUEST: StoryRequest = {
  prompt: 'It all began with ',
  context: '',
  temperature: 0.4,
  length: 400,
  seed: 7,
  model: 'scifi',
};

describe('Storyteller', () => {
  it('writes a story that begins with the prompt and ends with a sentence, within the length', async () => {
    const { storyteller } = fakeStoryteller();
    const story = await storyteller.tell(REQUEST);
    assert.ok(story.text.startsWith(REQUEST.prompt));
    assert.ok(story.text.length <= 400 && story.text.length > 200, `${story.text.length} characters`);
    assert.match(story.text, /\.$/);
    assert.deepEqual(
      { ...story, text: '' },
      { text: '', ending: 'complete', modelVersion: 'fake-1', engine: 'fake', unreadable: 0 },
    );
  });

  it('writes the same story for the same seed only, alone and among others', async () => {
    const alone = await fakeStoryteller().storyteller.tell(REQUEST);
    const { storyteller } = fakeStoryteller();
    const seeds = [1, 2, 3, 7, 4, 5, 6, 8, 9, 10, 11, 12];
    const crowd = await Promise.all(seeds.map((seed) => storyteller.tell({ ...REQUEST, seed })));
    assert.equal(crowd[3]!.text, alone.text);
    assert.equal(new Set(crowd.map(({ text }) => text)).size, seeds.length);
  });

  it('resumes from any snapshot to the same story', async () => {
    const snapshots: string[] = [];
    const { storyteller } = fakeStoryteller();
    const whole = await storyteller.tell(REQUEST, { onWord: (read) => snapshots.push(read()) });
    assert.ok(snapshots.length > 20);
    for (const snapshot of snapshots) {
      assert.ok(whole.text.startsWith(snapshot));
      const resumed = await storyteller.tell(REQUEST, { resumeFrom: snapshot });
      assert.equal(resumed.text, whole.text);
    }
    assert.equal((await storyteller.tell(REQUEST, { resumeFrom: whole.text })).text, whole.text);
    assert.equal((await storyteller.tell(REQUEST, { resumeFrom: 'another story' })).text, whole.text);
  });

  it('continues what its model version has written in its arithmetic, and nothing else', () => {
    const modelVersion = 'fake-1';
    const writers = ['onnx', 'tensorflow-webgpu', 'integer-1', 'integer-2'];
    const continued = Object.fromEntries(
      writers.map((name) => {
        const { storyteller } = fakeStoryteller({ name });
        assert.ok(!storyteller.continues({ modelVersion: 'fake-2', engine: name }), name);
        return [name, writers.filter((engine) => storyteller.continues({ modelVersion, engine }))];
      }),
    );
    assert.deepEqual(continued, {
      onnx: ['onnx', 'tensorflow-webgpu'],
      'tensorflow-webgpu': ['onnx', 'tensorflow-webgpu'],
      'integer-1': ['integer-1'],
      'integer-2': ['integer-2'],
    });
  });

  it('keeps the certain text when it is stopped', async () => {
    const { storyteller } = fakeStoryteller();
    const abort = new AbortController();
    let words = 0;
    const story = await storyteller.tell(REQUEST, {
      signal: abort.signal,
      onWord: () => {
        words++;
        if (words === 10) abort.abort();
      },
    });
    const whole = await storyteller.tell(REQUEST);
    assert.equal(story.ending, 'stopped');
    assert.ok(whole.text.startsWith(story.text) && story.text.length < whole.text.length);
    assert.ok(story.text.length > REQUEST.prompt.length);
    assert.deepEqual(storyteller.load, { active: 0, waiting: 0 });
  });

  it('reads the context before the prompt and does not show it', async () => {
    const { storyteller } = fakeStoryteller();
    const continued = await storyteller.tell({ ...REQUEST, prompt: '', context: 'The stars fell. ' });
    assert.doesNotMatch(continued.text, /^The stars fell/);
    assert.notEqual(continued.text, (await storyteller.tell({ ...REQUEST, prompt: '' })).text);
  });

  it('feeds the folded prompt and keeps it as typed', async () => {
    const { storyteller } = fakeStoryteller();
    const typed = '“Où est le café?” — she asked… ';
    const story = await storyteller.tell({ ...REQUEST, prompt: typed });
    const plain = await storyteller.tell({ ...REQUEST, prompt: '"Ou est le cafe?" -- she asked... ' });
    assert.ok(story.text.startsWith(typed));
    assert.equal(story.unreadable, 0);
    const written = story.text.slice(typed.length);
    assert.equal(
      written.slice(0, 200),
      plain.text.slice(plain.text.length - plain.text.length + 34).slice(0, 200),
    );
  });

  it('reports when much of the prompt could not be read', async () => {
    const { storyteller } = fakeStoryteller();
    assert.equal((await storyteller.tell({ ...REQUEST, prompt: '宇宙の始まり' })).unreadable, 6);
    assert.equal(
      (await storyteller.tell({ ...REQUEST, prompt: 'One 🚀 among many readable characters ' })).unreadable,
      0,
    );
  });

  it('survives a network that only draws the end of text', async () => {
    const engine = new FakeEngine({ vocabularySize: vocabulary.size, next: () => vocabulary.bosId });
    const storyteller = new Storyteller(fakeModel('1', vocabulary), engine, { maxWaiting: 0 });
    const story = await storyteller.tell(REQUEST);
    assert.equal(story.ending, 'complete');
    assert.ok(story.text.length <= 400);
    assert.ok(!story.text.includes('\u0003'));
  });

  it('writes a story with a vocabulary that has no U+0003', async () => {
    const characters = [...'ab .\n'];
    const known = new Vocabulary({
      idToChar: Object.fromEntries(characters.map((character, id) => [id, character])),
      charToId: Object.fromEntries(characters.map((character, id) => [character, id])),
    });
    const read: number[][] = [];
    const engine = new FakeEngine({
      vocabularySize: known.size,
      next: (history) => {
        read.push([...history]);
        // A sentence and a line end, over and over: "a.\n".
        return [0, 3, 4][history.length % 3]!;
      },
    });
    const storyteller = new Storyteller(fakeModel('1', known), engine, { maxWaiting: 0 });
    const story = await storyteller.tell({ ...REQUEST, prompt: 'ab' });
    assert.deepEqual(read.at(-1)!.slice(0, 3), [4, 0, 1]);
    // If the line end were taken for the `eosId`, the story would be over after fifty characters.
    assert.ok(story.text.length > 300 && story.text.split('\n').length > 100, story.text);
    assert.equal(story.ending, 'complete');
  });

  it('survives a network that never draws a space', async () => {
    const engine = new FakeEngine({ vocabularySize: vocabulary.size, next: () => vocabulary.idOf('x')! });
    const storyteller = new Storyteller(fakeModel('1', vocabulary), engine, { maxWaiting: 0 });
    const story = await storyteller.tell(REQUEST);
    assert.ok(story.text.startsWith(REQUEST.prompt.trimEnd()) && story.text.length <= 400);
    assert.match(story.text, /\.$/);
  });

  it('refuses parameters out of bounds in a sentence', async () => {
    const { storyteller } = fakeStoryteller();
    const wrong: [Partial<StoryRequest>, RegExp][] = [
      [{ temperature: 2.1 }, /temperature is 2.1; give a number from 0 to 2/],
      [{ temperature: Number.NaN }, /temperature/],
      [{ length: 49 }, /length is 49/],
      [{ length: 6_001 }, /length is 6001/],
      [{ length: 100.5 }, /whole number/],
      [{ seed: -1 }, /seed is -1/],
      [{ seed: 2 ** 32 }, /seed/],
      [{ prompt: 'x'.repeat(2_001), length: 6_000 }, /opening has 2,001 characters; the most is 2,000/],
      [{ prompt: 'x'.repeat(100), length: 149 }, /Ask for a length of 150 or more/],
      [{ context: 'x'.repeat(2_001) }, /context/],
    ];
    for (const [change, sentence] of wrong) {
      await assert.rejects(storyteller.tell({ ...REQUEST, ...change }), {
        code: 'bad_request',
        message: sentence,
      });
    }
  });

  it('takes any prompt of up to 2,000 characters and keeps it', async () => {
    const { storyteller } = fakeStoryteller();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 2_000 }),
        fc.nat(0xffff_ffff),
        async (raw, seed) => {
          const prompt = raw.slice(0, 2_000);
          const story = await storyteller.tell({ ...REQUEST, prompt, length: prompt.length + 60, seed });
          assert.ok(story.text.startsWith(prompt.trimEnd()));
          assert.ok(story.text.length <= prompt.length + 60);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('Storyteller of words', () => {
  // Some words have no space before them, and <unk> is drawn as often as any.
  const words = [
    '\n',
    ' ',
    '.',
    ',',
    ' "',
    "'s",
    ' a',
    ' ship',
    'ship',
    ' fell',
    'fell',
    'The',
    ' the',
    ' of',
    ' light',
  ];
  const vocabulary = new Vocabulary(wordsFile(words));
  const tellerOf = (options: FakeEngineOptions = {}) => {
    const engine = new FakeEngine({
      vocabularySize: vocabulary.size,
      capacity: 8,
      stepsPerDecode: 4,
      ...options,
    });
    return new Storyteller(fakeModel('1', vocabulary), engine, { maxWaiting: 8 });
  };
  const request = (prompt: string, seed = 5): StoryRequest => ({ ...REQUEST, prompt, seed, length: 240 });

  it('writes only words that stand apart, and never an unknown one', async () => {
    const known = new Set([...words, 'The', ' ship']);
    const storyteller = tellerOf();
    for (let seed = 0; seed < 20; seed++) {
      const { text, ending } = await storyteller.tell(request('The ship', seed));
      assert.equal(ending, 'complete');
      assert.ok(text.startsWith('The ship') && text.length > 50, text);
      // The last word may be cut if the story is ended by force.
      for (const word of splitWords(text).slice(0, -3))
        assert.ok(known.has(word), JSON.stringify([word, text]));
    }
  });

  it('resumes from any snapshot to the same story, alone and among others', async () => {
    const storyteller = tellerOf();
    for (const prompt of ['The ship', 'The ship ', 'The ship  ', 'Zorb', '', ' ', '  ', 'a\r']) {
      const snapshots = new Set<string>();
      const whole = await storyteller.tell(request(prompt), { onWord: (read) => snapshots.add(read()) });
      assert.ok(snapshots.size > 10);
      for (const resumeFrom of snapshots) {
        assert.ok(whole.text.startsWith(resumeFrom), `${whole.text}\n${resumeFrom}`);
        const resumed = await storyteller.tell(request(prompt), { resumeFrom });
        assert.equal(resumed.text, whole.text);
      }
      const seeds = [4, 5, 6, 7];
      const crowd = await Promise.all(seeds.map((seed) => storyteller.tell(request(prompt, seed))));
      assert.equal(crowd[1]!.text, whole.text);
      assert.equal(new Set(crowd.map(({ text }) => text)).size, seeds.length);
    }
  });

  it('puts one space after a prompt, with or without a space at its end', async () => {
    const storyteller = tellerOf({ next: () => vocabulary.idOf(' fell')! });
    for (const prompt of ['The ship', 'The ship ']) {
      assert.match((await storyteller.tell(request(prompt))).text, /^The ship fell fell/);
    }
  });

  it('survives a network that only draws words that cannot be written', async () => {
    for (const id of [vocabulary.unknown!, vocabulary.idOf('ship')!]) {
      const { text } = await tellerOf({ next: () => id }).tell({ ...request('The ship'), length: 60 });
      assert.ok(text.startsWith('The ship') && text.length <= 60 && !text.includes('\ufffd'), text);
    }
  });
});
