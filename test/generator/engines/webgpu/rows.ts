/** Calls that have every setting of a row, for tests that compare engines. */
import type { Engine, Row } from '../../../../src/generator/engines/engine.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';

/** Rows whose slots draw from `position` on, with every setting that a row can have. */
export function rowsOf(
  model: Model,
  slots: readonly number[],
  position: number,
  steps: number,
  feeds: Int32Array,
): Row[] {
  return slots.map((slot): Row => {
    const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, position + step, 0));
    const allowed = Uint8Array.from({ length: model.vocabulary.size }, (_, id) =>
      id % 7 === slot % 7 ? 0 : 1,
    );
    return {
      ...{ slot, feed: [feeds[slot]!], uniforms, temperature: 0.3 + (slot % 8) / 10 },
      ...(slot % 2 === 0 ? { wordTemperature: 1, minP: (slot % 5) / 50 } : {}),
      ...(slot % 3 === 0 ? { allowed: new Array(steps).fill(allowed) } : {}),
    };
  });
}

/** What each slot draws in some decodes of all slots. */
export async function write(
  engine: Engine,
  model: Model,
  slots: readonly number[],
  decodes: number,
): Promise<Map<number, number[]>> {
  const feeds = Int32Array.from({ length: engine.capacity }, (_, slot) => slot % model.vocabulary.size);
  const texts = new Map(slots.map((slot) => [slot, [] as number[]]));
  const steps = engine.stepsPerDecode;
  for (const slot of slots) engine.clear(slot);
  for (let decode = 0; decode < decodes; decode++) {
    const drawn = await engine.decode(rowsOf(model, slots, decode * steps, steps, feeds), steps);
    slots.forEach((slot, row) => {
      const ids = drawn.subarray(row * steps, (row + 1) * steps);
      texts.get(slot)!.push(...ids);
      feeds[slot] = ids.at(-1)!;
    });
  }
  return texts;
}
