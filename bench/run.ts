/** Runs every benchmark of the generator and the queue, ratios first. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from '../scripts/command-line.ts';
import { plot } from '../src/workshop/plot.ts';
import type { EngineFigures } from './engines.ts';
import { CROWDS, figure, machine, table } from './measure.ts';
import { benchQueue, QUEUE_HEADER } from './queue.ts';
import { benchWorkers } from './workers.ts';

const HELP = `
npm run bench

Runs every benchmark of the generator and the queue in about six minutes, prints the tables of
bench/RESULTS.md and writes bench/stories.svg.
`;
readCommandLine(HELP, {});

/** The label of each process of bench/engines.ts. */
const WRITERS: Readonly<Record<string, string>> = {
  cuda: 'tensorflow-cuda',
  webgpu: 'tensorflow-webgpu',
  integer: 'integer',
  onnx: 'onnx',
  wasm: 'tensorflow-wasm',
  plain: 'plain TensorFlow.js, a story per call',
  predecessor: 'the predecessor',
  'predecessor-wasm': 'the predecessor, on WASM',
};
const STORIES_PLOT = fileURLToPath(new URL('stories.svg', import.meta.url));

console.log(`${machine()}\n`);

const measured = new Map<string, EngineFigures>();
for (const [name, title] of Object.entries(WRITERS)) {
  const script = fileURLToPath(new URL('engines.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', script, name], {
    encoding: 'utf8',
  });
  if (status === 0) {
    const figures = JSON.parse(stdout.trim().split('\n').at(-1)!) as EngineFigures;
    measured.set(title, figures);
  } else {
    console.log(`not measured: ${title} (${stderr.trim().split('\n').at(-1)})`);
  }
}

const header = ['stories at once', ...CROWDS.map(String), 'resident'];
const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
const rowsOf = (cell: (figures: EngineFigures, i: number) => string) =>
  [...measured].map(([title, figures]) => [
    title,
    ...CROWDS.map((_, i) => cell(figures, i)),
    megabytes(figures.resident),
  ]);

for (const peer of ['predecessor', 'predecessor-wasm', 'plain']) {
  const { stories } = measured.get(WRITERS[peer]!)!;
  console.log(`\n## Factor over ${WRITERS[peer]}\n`);
  console.log(
    table(
      header,
      rowsOf((figures, i) => figure(figures.stories[i]! / stories[i]!)),
    ),
  );
}
console.log('\n## Speed of stories as a share of the bare engine\n');
console.log(
  table(
    header,
    rowsOf((figures, i) => `${Math.round((figures.stories[i]! / figures.bare[i]!) * 100)}%`),
  ),
);
console.log('\n## Characters per second\n');
console.log(
  table(
    header,
    rowsOf((figures, i) => figure(figures.stories[i]!)),
  ),
);
console.log('\n## Characters per second of the bare engine\n');
console.log(
  table(
    header,
    rowsOf((figures, i) => figure(figures.bare[i]!)),
  ),
);

writeFileSync(
  STORIES_PLOT,
  plot({
    title: 'Characters per second by stories at once',
    xLabel: 'stories at once',
    yLabel: 'characters per second, all stories together',
    series: [...measured].map(([name, { stories }]) => ({
      name: name.replace(', a story per call', ''),
      points: CROWDS.map((crowd, i) => [crowd, stories[i]!] as const),
    })),
  }),
);

console.log('\n## What the queue costs\n');
const queue = await benchQueue();
console.log(table(QUEUE_HEADER, queue.rows));
for (const note of queue.notes) console.log(`\n${note}`);

console.log('\n## Worker processes\n');
const workers = await benchWorkers();
console.log(table(['processes', 'factor over one', 'characters/s'], workers.rows));
for (const note of workers.notes) console.log(`\n${note}`);
process.exit(0);
