import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/engine.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { IntegerReference } from './reference.ts';
import { THOUSAND_STORIES, thousandStories } from './thousand-stories.ts';

const CAPACITY = 256;
const STEPS = 100_000;

for (const name of await kernelNames()) {
  describe(`the integer engine with the kernel ${name}`, () => {
    test('agrees with its definition over 100,000 random steps, in crowds of 1 to 256', async () => {
      const model = randomModel({ units: [32, 16], characters: 12, scale: 1.5 });
      const plan = planOf(model);
      const kernel = await loadKernel(name);
      const engine = await createIntegerEngine(model, { capacity: CAPACITY, threads: 2, kernel });
      const references = Array.from({ length: CAPACITY }, () => new IntegerReference(plan));
      for (let done = 0, call = 0; done < STEPS; call++) {
        const rows = 1 + ((call * 37) % CAPACITY);
        const slots = Array.from({ length: rows }, (_, i) => (i * 45 + call * 11) % CAPACITY);
        const ids = noiseIds(model, rows, call);
        const expected = slots.flatMap((slot, row) => references[slot]!.step(ids[row]!));
        assertSameBits(await engine.logits(slots, ids), Float32Array.from(expected), `call ${call}`);
        done += rows;
      }
      await engine.close();
    });

    test('writes the thousand stories that every machine writes', async () => {
      for (const threads of [1, 2]) assert.equal(await thousandStories(name, threads), THOUSAND_STORIES);
    });
  });
}
