/**
 * Measures how long decodes of the integer engine take while a busy program takes a processor away from its threads:
 * all the time, or on and off.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../scripts/command-line.ts';
import type { Engine, Row } from '../src/generator/engines/engine.ts';
import { ENGINE_OPENERS } from '../src/generator/engines/openers.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { availableProcessors } from '../src/processors.ts';
import { figure, machine, median, table } from './measure.ts';

const HELP = `
npm run bench:stalls

Measures, in a minute, how long decodes take while a busy program holds the first processor. It needs taskset
(Debian: util-linux), and two processors that nothing else uses.
`;

const STORIES = [1, 64] as const;
const MEASURE_MS = 8_000;
/** How long the program that comes and goes is there, and away. */
const ON_OFF_MS = 200;
/** An endless loop with the usual nice value, on the first processor. */
const BUSY = ['-c', '0', process.execPath, '-e', 'for (;;) {}'];

type Neighbour = 'none' | 'busy' | 'on and off';

/** @returns the durations of decodes, in milliseconds, ascending */
async function decodesBeside(neighbour: Neighbour, engine: Engine, stories: number): Promise<number[]> {
  const busy = neighbour === 'none' ? undefined : spawn('taskset', BUSY, { stdio: 'ignore' });
  const isOver = new AbortController();
  const toggling = neighbour === 'on and off' ? toggle(busy!, isOver.signal) : undefined;
  try {
    return await decodes(engine, stories);
  } finally {
    isOver.abort();
    await toggling;
    busy?.kill('SIGKILL');
  }
}

async function toggle(busy: { kill(signal: NodeJS.Signals): boolean }, signal: AbortSignal): Promise<void> {
  for (let isOn = true; !signal.aborted; isOn = !isOn) {
    busy.kill(isOn ? 'SIGCONT' : 'SIGSTOP');
    await sleep(ON_OFF_MS, undefined, { signal }).catch(() => {});
  }
}

async function decodes(engine: Engine, stories: number): Promise<number[]> {
  const steps = engine.stepsPerDecode;
  const durations: number[] = [];
  for (let slot = 0; slot < stories; slot++) engine.clear(slot);
  const end = performance.now() + MEASURE_MS;
  for (let position = 0; performance.now() < end; position += steps) {
    const rows = Array.from({ length: stories }, (_, slot): Row => {
      const uniforms = Array.from({ length: steps }, (_, step) => uniformAt(slot, position + step, 0));
      return { slot, feed: [20], temperature: 0.4, uniforms };
    });
    const begun = performance.now();
    await engine.decode(rows, steps);
    durations.push(performance.now() - begun);
  }
  return durations.sort((one, other) => one - other);
}

readCommandLine(HELP, {});
const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
const opened = await ENGINE_OPENERS.integer({ acceptSoftware: false });
const engine = await opened.create(model, { capacity: Math.max(...STORIES), threads: availableProcessors() });
const lines: string[][] = [];
for (const stories of STORIES) {
  for (const neighbour of ['none', 'busy', 'on and off'] as const) {
    const durations = await decodesBeside(neighbour, engine, stories);
    const at = (share: number) => durations[Math.floor(share * (durations.length - 1))]!;
    const rate = (durations.length * stories * engine.stepsPerDecode) / (MEASURE_MS / 1_000);
    const times = [median(durations), at(0.99), at(0.999), durations.at(-1)!];
    lines.push([`${stories}, ${neighbour}`, figure(rate), ...times.map((time) => time.toFixed(1))]);
  }
}
await engine.close();
console.log(`${machine()}\n`);
console.log(table(['stories, neighbour', 'characters/s', 'median ms', '99%', '99.9%', 'longest'], lines));
