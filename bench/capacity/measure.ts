/** What the plan for many machines is made of, measured on this one: steps of a batch, and a real run to check with. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { uniformAt } from '../../src/generator/sampling.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { request } from '../measure.ts';

const CROWDS = [1, 2, 4, 8, 16, 32, 48, 64] as const;
const MEASURE_MS = 1_500;
const LONGEST_LENGTH = 6_000;

/** Opens the shipped model on the processor, as a worker does. */
export async function openStoryteller(slots: number, threads: number): Promise<Storyteller> {
  const model = await loadModel(fileURLToPath(new URL('../../models/scifi', import.meta.url)));
  const engine = await createOnnxEngine(model, { capacity: slots, threads });
  return new Storyteller(model, engine, { maxWaiting: 100_000 });
}

/** Milliseconds of a step by the stories in it, through the storyteller: drawing and reading included. */
export async function measureSteps(storyteller: Storyteller): Promise<[stories: number, ms: number][]> {
  const points: [number, number][] = [];
  for (const crowd of CROWDS) {
    const end = new AbortController();
    const started = performance.now();
    const telling = Array.from({ length: crowd }, (_, seed) =>
      storyteller.tell(request(seed, LONGEST_LENGTH), { signal: end.signal }),
    );
    await sleep(MEASURE_MS);
    end.abort();
    const written = await Promise.all(telling);
    const characters = written.reduce((sum, { text }) => sum + text.length, 0);
    points.push([crowd, ((performance.now() - started) * crowd) / characters]);
  }
  return points;
}

/** Stories that really arrived at random; milliseconds in ascending order, from arrival to end. */
export async function realRun(
  storyteller: Storyteller,
  storiesPerSecond: number,
  seconds: number,
  length: number,
): Promise<{ readonly lengths: number[]; readonly totals: number[] }> {
  const lengths: number[] = [];
  const totals: number[] = [];
  const telling: Promise<void>[] = [];
  const until = performance.now() + seconds * 1_000;
  for (let index = 0; performance.now() < until; index++) {
    const arrived = performance.now();
    const asked = request(index, length);
    const told = storyteller.tell(asked).then(({ text }) => {
      totals.push(performance.now() - arrived);
      lengths.push(text.length - asked.prompt.length);
    });
    telling.push(told);
    await sleep((-Math.log(1 - uniformAt(1, index, 0)) / storiesPerSecond) * 1_000);
  }
  await Promise.all(telling);
  return { lengths, totals: totals.toSorted((a, b) => a - b) };
}
