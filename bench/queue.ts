/**
 * Measures the cost of the queue: stories through replies queue, stories queue and worker, pace off, against
 * the bare engine loop with the same number of stories in the same run; time from request to first snapshot;
 * event-loop delay. Everything runs in one process (with `redis-server` beside it), as in `npm start`.
 *
 *   npm run bench:queue
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../scripts/command-line.ts';
import { ENGINE_OPENERS } from '../src/generator/engines/openers.ts';
import { loadModel } from '../src/generator/model/files.ts';
import { ALL_BACKENDS } from '../test/helpers/backends.ts';
import { bareLoop } from './engines.ts';
import { figure, LONG_PROMPT, machine, median, request, table } from './measure.ts';
import { CROWD, crowd, openPipeline } from './pipeline.ts';

const LENGTHS = [1_200, 6_000];
const FIRST_SNAPSHOT_TRIALS = 40;
const BARE_LOOP_MS = 3_000;
const ROUNDS = 3;

/** The cost of the queue as table rows, and lines with further results. */
export async function benchQueue(): Promise<{ rows: string[][]; notes: string[] }> {
  const model = await loadModel(fileURLToPath(new URL('../models/scifi', import.meta.url)));
  const opened = await ENGINE_OPENERS.integer({ acceptSoftware: false });
  const engine = await opened.create(model, { capacity: CROWD, threads: cpus().length });
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const { name, skip, start } of ALL_BACKENDS) {
    if (skip) {
      notes.push(`${name}: ${skip}`);
      continue;
    }
    const backend = await start();
    const pipeline = await openPipeline(await backend.connect(), { model, engine });
    await crowd(pipeline, CROWD, 600, 0);
    for (const [size, length] of [[1, 6_000] as const, ...LENGTHS.map((each) => [CROWD, each] as const)]) {
      const ratios: number[] = [];
      const rates: number[] = [];
      const delays: number[] = [];
      const times: number[] = [];
      let same = true;
      for (let round = 0; round < ROUNDS; round++) {
        const bare = await bareLoop(engine, size, BARE_LOOP_MS);
        const { rate, p99, cpu, texts } = await crowd(pipeline, size, length, round * CROWD);
        ratios.push(rate / bare);
        rates.push(rate);
        delays.push(p99);
        times.push(cpu);
        const alone = await pipeline.ask(request(round * CROWD, length));
        same &&= alone.text === texts[0];
      }
      rows.push([
        name,
        `${size} x ${length.toLocaleString('en')}`,
        `${(median(ratios) * 100).toFixed(0)}%`,
        ratios.map((ratio) => (ratio * 100).toFixed(0)).join(', '),
        figure(median(rates)),
        `${figure(median(times))} us`,
        `${median(delays).toFixed(1)} ms`,
        same ? 'yes' : 'NO',
      ]);
    }
    const firsts: number[] = [];
    for (let trial = 0; trial < FIRST_SNAPSHOT_TRIALS; trial++) {
      firsts.push((await pipeline.ask(request(trial, 400, LONG_PROMPT))).firstMs);
    }
    firsts.sort((a, b) => a - b);
    notes.push(
      `${name}, request to first text, prompt of ${LONG_PROMPT.length}: median ${median(firsts).toFixed(0)} ms, ` +
        `longest of ${FIRST_SNAPSHOT_TRIALS} ${firsts.at(-1)!.toFixed(0)} ms`,
    );
    await pipeline.close();
    await backend.stop();
  }
  await engine.close();
  await opened.close();
  return { rows, notes };
}

/** The heads of the rows. */
export const QUEUE_HEADER = [
  'queue',
  'stories x length',
  'share of bare',
  'rounds',
  'characters/s',
  'CPU a character',
  'loop delay p99',
  'same text alone',
];

const HELP = `
npm run bench:queue

Measures what the queue costs: stories through Redis and through the embedded queue, beside the bare engine.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  readCommandLine(HELP, {});
  const { rows, notes } = await benchQueue();
  console.log([machine(), table(QUEUE_HEADER, rows), ...notes].join('\n\n'));
  process.exit(0);
}
