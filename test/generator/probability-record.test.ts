/** Probabilities of real stories: they follow the text, and change nothing of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../src/generator/engines/engine.ts';
import { createIntegerEngine } from '../../src/generator/engines/integer/create.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import type { Model } from '../../src/generator/model/model.ts';
import { alphabetOf } from '../../src/generator/probability-record.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import {
  ENTRY_BYTES,
  fromBase64,
  type Probabilities,
  ProbabilityReader,
} from '../../src/story/probabilities.ts';
import type { StoryRequest } from '../../src/story/story.ts';

const MODEL = fileURLToPath(new URL('../../models/scifi', import.meta.url));
const REQUEST: StoryRequest = {
  ...{ prompt: 'The ship', context: '', preset: 'lively', temperature: 0.4 },
  ...{ length: 400, seed: 5, model: 'scifi' },
};
const ASKING: StoryRequest = { ...REQUEST, probabilities: true };

describe('the probabilities of a story', () => {
  let model: Model;
  let engine: Engine;
  let storyteller: Storyteller;

  before(async () => {
    model = await loadModel(MODEL);
    engine = await createIntegerEngine(model, { capacity: 4, threads: 1 });
    storyteller = new Storyteller(model, engine, { maxWaiting: 8 });
  });
  after(() => engine.close());

  test('are there only when they are asked for, and leave the text as it is', async () => {
    const [plain, asking] = await Promise.all([storyteller.tell(REQUEST), storyteller.tell(ASKING)]);
    const { probabilities, ...others } = asking;
    assert.deepEqual(others, plain);
    assert.equal('probabilities' in plain, false);
    assert.equal(probabilities!.from, REQUEST.prompt.length);
    assert.equal(probabilities!.alphabet, alphabetOf(model.vocabulary));
  });

  test('belong to the characters of the text, also where words were drawn again', async () => {
    let redraws = 0;
    for (const seed of [5, 6, 7]) {
      const { text, probabilities } = await storyteller.tell(
        { ...ASKING, seed },
        { onResample: () => redraws++ },
      );
      const reader = new ProbabilityReader(probabilities!);
      let drawn = 0;
      for (let offset = 0; offset < text.length; offset++) {
        const probability = reader.probabilityAt(offset);
        const candidates = reader.candidatesAt(offset);
        if (offset < REQUEST.prompt.length) assert.equal(probability, undefined);
        if (probability === undefined) {
          assert.deepEqual(candidates, []);
          continue;
        }
        drawn += 1;
        assert.ok(candidates.length > 0);
        const shares = candidates.map((candidate) => candidate.probability);
        assert.deepEqual(
          shares,
          shares.toSorted((a, b) => b - a),
        );
        const own = candidates.find((candidate) => candidate.text === text[offset]);
        // The end of a work becomes a line end in the text.
        if (own) assert.equal(own.probability, probability, `${seed}, ${offset}`);
        else assert.ok(probability <= shares.at(-1)! || text[offset] === '\n', `${seed}, ${offset}`);
      }
      assert.ok(drawn > 0.9 * (text.length - REQUEST.prompt.length), `${drawn} of ${text.length}`);
    }
  });

  test('of a snapshot are those of the end, and a story that is taken over has them all', async () => {
    const snapshots: { text: string; probabilities: Probabilities }[] = [];
    const whole = await storyteller.tell(ASKING, {
      onWord: (read, probabilitiesOf) => {
        const text = read();
        snapshots.push({ text, probabilities: probabilitiesOf(text).probabilities! });
      },
    });
    const { text, probabilities } = snapshots[Math.floor(snapshots.length / 2)]!;
    assert.ok(text.length > REQUEST.prompt.length + 20);
    const part = fromBase64(probabilities.entries);
    assert.equal(part.length, (text.length - REQUEST.prompt.length) * ENTRY_BYTES);
    assert.deepEqual(part, fromBase64(whole.probabilities!.entries).subarray(0, part.length));
    const resumed = await storyteller.tell(ASKING, { resumeFrom: text, resumeProbabilities: probabilities });
    assert.deepEqual(resumed, whole);
  });

  test('are not there where the engine does not give them', async () => {
    const silent = Object.create(engine, { givesProbabilities: { value: false } }) as Engine;
    const methods = ['decode', 'clear', 'checkpoint', 'restore', 'stepsFor'] as const;
    for (const name of methods) {
      Object.defineProperty(silent, name, { value: (engine[name] as () => unknown).bind(engine) });
    }
    for (const name of ['capacity', 'vocabularySize', 'stepsPerDecode', 'rowsToSplit', 'name'] as const) {
      Object.defineProperty(silent, name, { value: engine[name] });
    }
    const story = await new Storyteller(model, silent, { maxWaiting: 0 }).tell(ASKING);
    assert.equal('probabilities' in story, false);
  });

  test('a branch may continue the word that its prompt ends in; a prompt of a user may not', async () => {
    const prompt = 'The captain opened the doo';
    const next = async (continuesWord: boolean) => {
      const { text } = await storyteller.tell({
        ...REQUEST,
        prompt,
        ...(continuesWord ? { continuesWord } : {}),
      });
      return text[prompt.length]!;
    };
    assert.equal(await next(true), 'r');
    assert.match(await next(false), /\W/);
  });
});
