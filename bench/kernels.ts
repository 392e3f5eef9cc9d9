/**
 * Measures each kernel of the integer engine that runs here, on one thread: characters per second of processor
 * time, by rows at a time. Processor time excludes the rest of the machine's load.
 */
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../scripts/command-line.ts';
import type { Row } from '../src/generator/engines/engine.ts';
import type { Kernel } from '../src/generator/engines/integer/kernel.ts';
import { kernelNames, loadKernel } from '../src/generator/engines/integer/kernels.ts';
import { createEngineMemory } from '../src/generator/engines/integer/memory.ts';
import { type IntegerPlan, planOf } from '../src/generator/engines/integer/plan.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { figure, machine, table } from './measure.ts';

const ROWS = [1, 2, 4, 8, 16, 64] as const;
const STEPS = 16;
const ROUNDS = 5;
const ROUND_MS = 150;

/** A function that decodes `STEPS` characters for each of some rows. */
function decoder(kernel: Kernel, plan: IntegerPlan): (rows: number) => void {
  const capacity = Math.max(...ROWS);
  const sizes = { capacity, steps: STEPS, threads: 1, sets: 1 };
  const { network, jobs, memory, views } = createEngineMemory(kernel, plan, sizes);
  const [job] = jobs;
  const halves = new Uint8Array(capacity);
  for (let slot = 0; slot < capacity; slot++) network.clear(views, slot, 0);
  const decode = kernel.attach(memory, 0);
  const all = Array.from({ length: capacity }, (_, slot): Row => {
    const uniforms = Array.from({ length: STEPS }, (_, step) => uniformAt(slot, step, 0));
    return { slot, feed: [20], temperature: 0.4, uniforms };
  });
  return (rows) => {
    job.write(views, all.slice(0, rows), halves, { steps: STEPS, draws: true, threads: 1, rowsEach: rows });
    decode(network.at, job.at);
  };
}

/** The best of some rounds: characters per second of processor time. */
function rateOf(decode: (rows: number) => void, rows: number): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const end = performance.now() + ROUND_MS;
    let characters = 0;
    while (performance.now() < end) {
      decode(rows);
      characters += rows * STEPS;
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, (characters * 1e6) / (user + system));
  }
  return best;
}

const HELP = `
npm run bench:kernels

Measures the kernels of the integer engine on one thread, in half a minute.
`;

readCommandLine(HELP, {});
const plan = planOf(await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url))));
const lines: string[][] = [];
for (const name of await kernelNames()) {
  const decode = decoder(await loadKernel(name), plan);
  lines.push([name, ...ROWS.map((rows) => figure(rateOf(decode, rows)))]);
}
console.log(`${machine()}\n`);
console.log(table(['kernel', ...ROWS.map((rows) => `${rows} at once`)], lines));
