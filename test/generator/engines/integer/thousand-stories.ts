/**
 * Writes a thousand stories with one kernel and prints a digest of their ids, which must be the same on every
 * machine. On a machine of another kind, under Node 24, which needs no loader for TypeScript:
 *
 *   node test/generator/engines/integer/thousand-stories.ts [KERNEL]
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Row } from '../../../../src/generator/engines/engine.ts';
import { createIntegerEngine } from '../../../../src/generator/engines/integer/create.ts';
import { kernelNames, loadKernel } from '../../../../src/generator/engines/integer/kernels.ts';
import { uniformAt } from '../../../../src/generator/sampler.ts';
import { RandomLayers } from '../../model/random-layers.ts';
import { modelOf } from '../../model/random-model.ts';

/** The SHA-256 of the stories' ids, as 32-bit integers, story by story. */
export const THOUSAND_STORIES = 'fe95323d46c04ed544999b83990c5a39de22ce846480ba14f781d9845cf1a2a7';

const STORIES = 1_000;
const DECODES = 8;
const VOCABULARY = 97;

/** @param threads with 2 or more, some decodes share the units of a layer */
export async function thousandStories(kernel: string, threads: number): Promise<string> {
  const random = new RandomLayers(11, 0.6);
  const model = modelOf([
    random.embedding(VOCABULARY, 24),
    ...[random.lstm(24, 64), { ...random.lstm(64, 64), residual: true as const }, random.lstm(64, 32)],
    random.dense(32, VOCABULARY),
  ]);
  const engine = await createIntegerEngine(model, {
    ...{ capacity: STORIES, threads },
    kernel: await loadKernel(kernel),
  });
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
  return createHash('sha256').update(ids).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const kernel of process.argv[2] ? [process.argv[2]] : await kernelNames()) {
    console.log(`${await thousandStories(kernel, 2)}  ${kernel}`);
  }
}
