/** Stories of the presets by the shipped model: the same alone, among others and resumed anywhere. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import type { Model } from '../../src/generator/model/model.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import type { StoryRequest } from '../../src/story/story.ts';
import { PRESETS } from '../../src/story/story.ts';

function request(seed: number): StoryRequest {
  const preset = PRESETS[seed % PRESETS.length]!;
  return {
    prompt: 'The captain of the Zorgx said',
    context: '',
    preset,
    temperature: 0.7,
    length: 700,
    seed,
    model: 'scifi',
  };
}

describe('presets', () => {
  let model: Model;
  let alone: Storyteller;
  let crowd: Storyteller;
  before(async () => {
    model = await loadModel(fileURLToPath(new URL('../../models/scifi', import.meta.url)));
    const open = async (capacity: number) =>
      new Storyteller(model, await createOnnxEngine(model, { capacity, threads: 1 }), { maxWaiting: 100 });
    [alone, crowd] = [await open(1), await open(5)];
  });
  after(() => Promise.all([alone.close(), crowd.close()]));

  test('give the same story alone, among others, and resumed from any snapshot', async () => {
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const snapshots = seeds.map((): string[] => []);
    const together = await Promise.all(
      seeds.map((seed) => crowd.tell(request(seed), { onWord: (read) => snapshots[seed]!.push(read()) })),
    );
    for (const [seed, { text }] of together.entries()) {
      assert.equal((await alone.tell(request(seed))).text, text, `story ${seed} alone`);
      const some = snapshots[seed]!.filter((_, i) => i % 29 === seed);
      for (const snapshot of some) {
        const resumed = await alone.tell(request(seed), { resumeFrom: snapshot });
        assert.equal(resumed.text, text, `story ${seed} from ${snapshot.length} characters`);
      }
    }
  });

  test('write only known lower-case words or words of the prompt, except for classic', async () => {
    const words = new Map<string, number>();
    await Promise.all(
      Array.from({ length: 24 }, async (_, seed) => {
        const { preset, prompt } = request(seed);
        const { text } = await crowd.tell(request(seed));
        const unknown = [
          ...text.slice(prompt.length).matchAll(/(?<![A-Za-z'])[a-z]+(?:'[a-z]+)*(?![A-Za-z'])/g),
        ]
          .map(([word]) => word)
          .filter((word) => !model.lexicon!.has(word) && !model.lexicon!.has(word.replace(/'.*$/, '')));
        words.set(preset!, (words.get(preset!) ?? 0) + unknown.length);
      }),
    );
    assert.ok(words.get('classic')! > 0, 'the temperature alone makes words up');
    // A word that is rejected five times may stand: about one word in ten thousand.
    for (const preset of ['calm', 'lively', 'wild']) assert.ok(words.get(preset)! <= 1, preset);
  });
});
