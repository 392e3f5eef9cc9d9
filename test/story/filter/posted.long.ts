/** A million characters of each model as they are posted, judged by a list that the filter does not use. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { postStories } from '../../../scripts/filter/posted.ts';
import { createOnnxEngine } from '../../../src/generator/engines/onnx.ts';
import { listModels, loadModel } from '../../../src/generator/model/files.ts';

const MODELS = fileURLToPath(new URL('../../../models', import.meta.url));
const CHARACTERS = 1_000_000;

describe('a million posted characters', async () => {
  for (const { name } of await listModels(MODELS)) {
    for (const temperature of [0.4, 1]) {
      it(`of ${name} at ${temperature} hold no slur, and no shown text was taken back`, async (t) => {
        const model = await loadModel(`${MODELS}/${name}`);
        const engine = await createOnnxEngine(model, { capacity: 64, threads: availableParallelism() });
        const { offences, ...figures } = await postStories(model, engine, {
          characters: CHARACTERS,
          temperature,
        });
        await engine.close();
        t.diagnostic(JSON.stringify({ ...figures, vulgar: offences.vulgar }));
        assert.deepEqual(offences.slurs, []);
        assert.equal(figures.takenBack, 0);
        assert.ok(figures.characters >= CHARACTERS);
      });
    }
  }
});
