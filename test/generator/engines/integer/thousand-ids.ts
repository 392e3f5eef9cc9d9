/** A thousand stories of random weights, which every kernel writes alike. No `node:` imports. */
import type { Engine, Row } from '../../../../src/generator/engines/engine.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf } from '../../model/random-model.ts';

/** The SHA-256 of the stories' ids, as 32-bit integers, story by story. */
export const THOUSAND_STORIES = 'fe95323d46c04ed544999b83990c5a39de22ce846480ba14f781d9845cf1a2a7';

const STORIES = 1_000;
const DECODES = 8;
const VOCABULARY = 97;

/** @param create creates the engine with so many slots */
export async function thousandIds(
  create: (model: Model, capacity: number) => Promise<Engine>,
): Promise<Int32Array<ArrayBuffer>> {
  const random = new RandomLayers(11, 0.6);
  const model = modelOf([
    random.embedding(VOCABULARY, 24),
    ...[random.lstm(24, 64), { ...random.lstm(64, 64), residual: true as const }, random.lstm(64, 32)],
    random.dense(32, VOCABULARY),
  ]);
  const engine = await create(model, STORIES);
  const steps = engine.stepsPerDecode;
  const ids = new Int32Array(STORIES * DECODES * steps);
  const write = async (from: number, to: number) => {
    const last = Int32Array.from({ length: to - from }, (_, i) => (from + i) % VOCABULARY);
    for (let decode = 0; decode < DECODES; decode++) {
      const rows = Array.from({ length: to - from }, (_, i): Row => {
        const slot = from + i;
        const at = decode * steps;
        const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, at + step, 0));
        const settings = { temperature: 0.4 + (slot % 8) / 10, wordTemperature: 1, minP: (slot % 3) / 50 };
        return { slot, feed: [last[i]!], ...settings, uniforms };
      });
      const drawn = await engine.decode(rows, steps);
      for (let i = 0; i < rows.length; i++) {
        const story = drawn.subarray(i * steps, (i + 1) * steps);
        ids.set(story, ((from + i) * DECODES + decode) * steps);
        last[i] = story.at(-1)!;
      }
    }
  };
  // Crowds of every size: one story, two, four and so on.
  for (let from = 0, size = 1; from < STORIES; from += size, size *= 2) {
    await write(from, Math.min(STORIES, from + size));
  }
  await engine.close();
  return ids;
}
