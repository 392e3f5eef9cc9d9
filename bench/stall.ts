/**
 * Measures how long running stories stand still while another program takes one of the processors: the time from the end of
 * one decode of a story to the end of its next one, of one story and of a crowd.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { positive, readCommandLine } from '../scripts/command-line.ts';
import type { Engine } from '../src/generator/engines/engine.ts';
import { ENGINE_OPENERS } from '../src/generator/engines/openers.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { Storyteller } from '../src/generator/storyteller.ts';
import { availableProcessors } from '../src/processors.ts';
import { skipWithout } from '../test/helpers/programs.ts';
import { figure, machine, table } from './measure.ts';
import { writeFor } from './stories.ts';

const SECONDS = 10;
const CROWDS = [1, 64];
const WARM_UP_MS = 500;
const LONGEST_WANTED_MS = 50;
/** The processor that is taken away; every machine has it. */
const PROCESSOR = '0';

const HELP = `
npm run bench:stall -- [options]

Prints the pauses between the decodes of a story while a program of normal priority takes one processor. Linux only.

  --seconds N  seconds of each measurement (default: ${SECONDS})
`;

/** Programs for `node -e`: busy all the time, and busy and idle by turns, for 2 to 200 ms each. */
const ALL_THE_TIME = 'for (;;);';
const COMES_AND_GOES = `
let seed = 1;
const next = () => 2 * 100 ** ((seed = (seed * 16807) % 2147483647) / 2147483647);
const work = () => {
  for (const end = performance.now() + next(); performance.now() < end; );
  setTimeout(work, next());
};
work();`;
const LOADS: readonly (readonly [title: string, program: string | undefined])[] = [
  ['none', undefined],
  ['busy all the time', ALL_THE_TIME],
  ['comes and goes', COMES_AND_GOES],
];

/** Records the pauses of an engine's slots, in milliseconds. */
class Pauses {
  ms: number[] = [];
  readonly #last = new Map<number, number>();

  watch(engine: Engine): void {
    const { decode, clear } = engine;
    engine.decode = async (batch, steps) => {
      const drawn = await decode.call(engine, batch, steps);
      const now = performance.now();
      for (const { slot } of batch) {
        const last = this.#last.get(slot);
        if (last !== undefined) this.ms.push(now - last);
        this.#last.set(slot, now);
      }
      return drawn;
    };
    // A slot that is cleared begins another story.
    engine.clear = (slot) => {
      this.#last.delete(slot);
      clear.call(engine, slot);
    };
  }
}

/** Runs some work while a program has the processor to itself, but for the threads of this process. */
async function beside<T>(program: string | undefined, work: () => Promise<T>): Promise<T> {
  if (program === undefined) return work();
  const child = spawn('taskset', ['--cpu-list', PROCESSOR, process.execPath, '-e', program], {
    stdio: 'inherit',
  });
  try {
    return await work();
  } finally {
    child.kill('SIGKILL');
  }
}

const { values } = readCommandLine(HELP, { seconds: { type: 'string' } });
const seconds = values.seconds === undefined ? SECONDS : positive('--seconds', values.seconds);
const skip = skipWithout('taskset');
if (skip) {
  console.log(skip);
  process.exit(0);
}
const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
const opened = await ENGINE_OPENERS.integer({ acceptSoftware: false });
const engine = await opened.create(model, { capacity: Math.max(...CROWDS), threads: availableProcessors() });
const pauses = new Pauses();
pauses.watch(engine);
const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
const rows: string[][] = [];
for (const size of CROWDS) {
  for (const [title, program] of LOADS) {
    await writeFor(storyteller, size, WARM_UP_MS, 'lively');
    pauses.ms = [];
    const rate = await beside(program, () => writeFor(storyteller, size, seconds * 1_000, 'lively'));
    const sorted = pauses.ms.toSorted((a, b) => a - b);
    const quantile = (share: number) => figure(sorted[Math.floor(share * (sorted.length - 1))]!);
    const over = sorted.filter((ms) => ms > LONGEST_WANTED_MS).length;
    rows.push([
      ...[String(size), title, figure(rate), String(sorted.length)],
      ...[quantile(0.5), quantile(0.99), quantile(0.9999), quantile(1), String(over)],
    ]);
  }
}
console.log(`${machine()}\n`);
const header = [
  'stories',
  'other program',
  'characters/s',
  'pauses',
  'median, ms',
  '99%',
  '99.99%',
  'longest',
];
console.log(table([...header, `over ${LONGEST_WANTED_MS} ms`], rows));
process.exit(0);
