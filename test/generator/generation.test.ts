import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Storyteller, type TellOptions } from '../../src/generator/storyteller.ts';
import { Vocabulary, wordsFile } from '../../src/generator/vocabulary.ts';
import { findWords } from '../../src/story/filter/find.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';
import { fakeModel, fakeStoryteller, nextOf, vocabulary } from '../fakes/fake-storyteller.ts';

const REQUEST: StoryRequest = {
  prompt: 'It all began with ',
  context: '',
  temperature: 1,
  length: 400,
  seed: 7,
  model: 'scifi',
};

/** The output of a rude network: one word in four is blocked. */
const RUDE = [
  'the ',
  'ship ',
  'Japs ',
  'Japan ',
  'fell. ',
  'half ',
  'breed ',
  'breeze ',
  '"Coolies!" ',
  '"Coolness!" ',
  'coolly ',
  'nig-gers. ',
  'n.i.g.g.e.r ',
  'night ',
  'nobody ',
  'light ',
  'stars ',
  'and ',
  'of ',
  'why ',
  'no--wops--ever ',
  'no--water--ever ',
  'rose. ',
  'shit ',
];
const rude = nextOf(RUDE);

function objections(text: string): string[] {
  return findWords(text)
    .filter(({ kind }) => kind !== 'vulgar')
    .map(({ start, end }) => text.slice(start, end));
}

/** A story of a rude network, and how many words were resampled. */
async function tellRudely(
  change: Partial<StoryRequest> = {},
  options: TellOptions = {},
  stepsPerDecode = 1,
): Promise<{ text: string; resampled: number }> {
  let resampled = 0;
  const { storyteller } = fakeStoryteller({ next: rude, stepsPerDecode });
  const story = await storyteller.tell(
    { ...REQUEST, ...change },
    {
      ...options,
      onResample: () => {
        resampled++;
      },
    },
  );
  return { text: story.text, resampled };
}

describe('blocked words', () => {
  it('are resampled, and the story continues', async () => {
    let resampled = 0;
    let standIns = 0;
    for (let seed = 0; seed < 12; seed++) {
      const told = await tellRudely({ seed });
      assert.deepEqual(objections(told.text), [], told.text);
      assert.ok(told.text.length > 250 && told.text.length <= 400, told.text);
      assert.match(told.text, /(?:coolly|Japan|night|breeze)/);
      resampled += told.resampled;
      standIns += told.text.match(/stranger/g)?.length ?? 0;
    }
    assert.ok(resampled > 60, `${resampled} resampled`);
    assert.ok(standIns < 3, `${standIns} times nothing else was drawn`);
  });

  it('have no effect if there are none', async () => {
    const story = await fakeStoryteller().storyteller.tell({ ...REQUEST, temperature: 0.4 });
    // Unchanged since before the word guard existed: a seed in a footer is a promise.
    assert.match(
      story.text,
      /^It all began with ship rose\. ship rose\. rose\. light ship why knew\. why rose\. knew\. rose\. ship and/,
    );
  });

  it('are resampled alike alone and among others, for any number of steps per decode', async () => {
    const { storyteller } = fakeStoryteller({ next: rude });
    const seeds = Array.from({ length: 6 }, (_, seed) => seed);
    const crowd = await Promise.all(seeds.map((seed) => storyteller.tell({ ...REQUEST, seed })));
    for (const seed of seeds) {
      for (const steps of [1, 3, 16]) {
        assert.equal((await tellRudely({ seed }, {}, steps)).text, crowd[seed]!.text, `${steps} steps`);
      }
    }
  });

  it('are resampled alike by another worker that resumes from any snapshot', async () => {
    for (const seed of [1, 2]) {
      const snapshots = new Set<string>();
      const whole = await tellRudely({ seed, length: 280 }, { onWord: (read) => snapshots.add(read()) });
      assert.ok(snapshots.size > 5 && whole.resampled > 0, `${snapshots.size} snapshots`);
      for (const snapshot of snapshots) {
        assert.ok(whole.text.startsWith(snapshot), `taken back: ${snapshot}`);
        assert.deepEqual(objections(snapshot), []);
        const resumed = await tellRudely({ seed, length: 280 }, { resumeFrom: snapshot }, 16);
        assert.equal(resumed.text, whole.text);
      }
    }
  });

  it('are resampled at the maximum length, and before an eosId', async () => {
    const engine = new FakeEngine({
      vocabularySize: vocabulary.size,
      // An `eosId` follows every sentence.
      next: (history, uniform) =>
        history.length > 90 && vocabulary.decode(history.at(-1)!) === 's'
          ? vocabulary.bosId
          : rude(history, uniform),
    });
    const storyteller = new Storyteller(fakeModel('1', vocabulary), engine, { maxWaiting: 0 });
    const property = fc.asyncProperty(fc.nat(0xffff_ffff), fc.nat(60), async (seed, more) => {
      const length = REQUEST.prompt.length + 50 + more;
      const { text } = await storyteller.tell({ ...REQUEST, seed, length });
      assert.deepEqual(objections(text), [], text);
      assert.ok(text.length <= length);
    });
    await fc.assert(property, { numRuns: 60 });
    // A sentence that ends with the last character that fits.
    const blunt = fakeStoryteller({ next: nextOf(['Ships fell. ', 'Wops. ']) }).storyteller;
    for (let length = 70; length < 110; length++) {
      const { text } = await blunt.tell({ ...REQUEST, length });
      assert.deepEqual(objections(text), [], text);
    }
  });

  it('are replaced by another word when they are drawn again and again', async () => {
    for (const [temperature, most] of [
      [0, 1],
      [1, 7],
    ] as const) {
      const { storyteller } = fakeStoryteller({ next: nextOf(['Japs ']) });
      let resampled = 0;
      const { text } = await storyteller.tell(
        { ...REQUEST, temperature, length: 90 },
        {
          onResample: () => {
            resampled++;
          },
        },
      );
      assert.match(text, /^It all began with stranger stranger/);
      assert.deepEqual(objections(text), []);
      assert.ok(resampled <= (text.length / 'stranger '.length) * most, `${resampled} resampled`);
    }
  });

  it('are detected when they begin with the last letters of the prompt or of the context', async () => {
    const next = nextOf(['Japs ', 'Japan ', 'ps ', 'pan ']);
    for (const [context, prompt] of [
      ['', 'He hated the Ja'],
      ['He hated the Ja', ''],
    ] as const) {
      for (let seed = 0; seed < 20; seed++) {
        const { storyteller } = fakeStoryteller({ next });
        const { text } = await storyteller.tell({ ...REQUEST, context, prompt, seed, length: 100 });
        assert.deepEqual(objections(context + text), [], context + text);
      }
    }
    // If no other character can be drawn, the current word ends.
    const { storyteller } = fakeStoryteller({ next: nextOf(['Japs ']) });
    const { text } = await storyteller.tell({ ...REQUEST, prompt: 'He hated the Ja' });
    assert.match(text, /^He hated the Ja stranger /);
  });

  it('stand in the text of a user', async () => {
    const { storyteller } = fakeStoryteller();
    let resampled = 0;
    const prompt = 'Light fell through a chink';
    const { text } = await storyteller.tell(
      { ...REQUEST, prompt },
      {
        onResample: () => {
          resampled++;
        },
      },
    );
    assert.ok(text.startsWith(`${prompt} `));
    assert.equal(resampled, 0);
  });

  it('are resampled by a network of words, too', async () => {
    const words = ['\n', ' the', ' ship', ' Japs', ' fell', '.', ' stranger', ' night'];
    const vocabulary = new Vocabulary(wordsFile(words));
    const next = (_: readonly number[], uniform: number) =>
      vocabulary.idOf(words[Math.floor(uniform * words.length)]!)!;
    const tell = async (change: Partial<StoryRequest>, options: TellOptions = {}) => {
      const engine = new FakeEngine({ vocabularySize: vocabulary.size, next, stepsPerDecode: 4 });
      const storyteller = new Storyteller(fakeModel('1', vocabulary), engine, { maxWaiting: 0 });
      return (await storyteller.tell({ ...REQUEST, ...change, length: 200 }, options)).text;
    };
    let resampled = 0;
    for (let seed = 0; seed < 10; seed++) {
      const snapshots = new Set<string>();
      const text = await tell(
        { seed },
        {
          onWord: (read) => snapshots.add(read()),
          onResample: () => {
            resampled++;
          },
        },
      );
      assert.deepEqual(objections(text), [], text);
      for (const snapshot of snapshots) assert.equal(await tell({ seed }, { resumeFrom: snapshot }), text);
    }
    assert.ok(resampled > 20, `${resampled} resampled`);
    assert.match(await tell({ temperature: 0, prompt: 'The' }), /^The/);
  });
});
