import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { planOf } from '../../../../src/generator/engines/integer/plan.ts';
import { randomModel } from '../../model/random-model.ts';
import { assertSameBits, noiseIds } from '../assertions.ts';
import { IntegerReference } from './reference.ts';
import { THOUSAND_STORIES } from './thousand-ids.ts';
import { thousandStories } from './thousand-stories.ts';

const CAPACITY = 256;
const STEPS = 100_000;

const KERNELS = await kernelNames();
const MODEL = randomModel({ units: [32, 16], characters: 12, scale: 1.5 });

/** A call of the engine and the logits that it must give. */
interface Call {
  readonly slots: readonly number[];
  readonly ids: readonly number[];
  readonly logits: Float32Array;
}

/** 100,000 steps in crowds of 1 to 256, by the definition. */
function expectedCalls(): Call[] {
  const plan = planOf(MODEL);
  const references = Array.from({ length: CAPACITY }, () => new IntegerReference(plan));
  const calls: Call[] = [];
  for (let done = 0; done < STEPS; done += calls.at(-1)!.slots.length) {
    const call = calls.length;
    const rows = 1 + ((call * 37) % CAPACITY);
    const slots = Array.from({ length: rows }, (_, i) => (i * 45 + call * 11) % CAPACITY);
    const ids = noiseIds(MODEL, rows, call);
    const logits = Float32Array.from(slots.flatMap((slot, row) => references[slot]!.step(ids[row]!)));
    calls.push({ slots, ids, logits });
  }
  return calls;
}

describe('the integer engine agrees with its definition over 100,000 random steps', () => {
  let calls: readonly Call[];
  before(() => {
    calls = expectedCalls();
  });
  for (const name of KERNELS) {
    test(`with the kernel ${name}`, async () => {
      const kernel = await loadKernel(name);
      const engine = await createIntegerEngine(MODEL, { capacity: CAPACITY, threads: 2, kernel });
      for (const [i, { slots, ids, logits }] of calls.entries()) {
        assertSameBits(await engine.logits(slots, ids), logits, `call ${i}`);
      }
      await engine.close();
    });
  }
});

describe('the integer engine writes the thousand stories that every machine writes', () => {
  for (const name of KERNELS) {
    test(`with the kernel ${name}`, async () => {
      for (const threads of [1, 2]) assert.equal(await thousandStories(name, threads), THOUSAND_STORIES);
    });
  }
});
