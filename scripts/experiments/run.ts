/**
 * Repeats the ancestor's measurements: words against characters, LSTM against GRU against bidirectional,
 * optimizers and the switch, and temperature. Writes models/EXPERIMENTS.md and its plots.
 *
 *   npm run experiments -- DATA                      # train.txt and valid.txt; within an hour on two cores
 *   npm run experiments -- DATA --characters 300000  # each network reads so many characters only
 *   npm run experiments -- DATA --only cells         # one of temperature, cells, words, optimizers
 *
 * Networks are trained below runs/experiments. When the command is repeated, interrupted runs continue there
 * and completed ones are kept. The page is rewritten after each part.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../../bench/measure.ts';
import { createWasmBackend } from '../../src/generator/engines/tensorflow/wasm.ts';
import { cells } from './cells.ts';
import { EMBEDDING, EPOCHS, Laboratory, STEPS, STREAMS, UNITS } from './laboratory.ts';
import { optimizers } from './optimizers.ts';
import { temperature } from './temperature.ts';
import { words } from './words.ts';

const CHARACTERS = 2_100_000;
const RUNS = 'runs/experiments';
const PAGE = 'models/EXPERIMENTS.md';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    characters: { type: 'string', default: String(CHARACTERS) },
    only: { type: 'string', multiple: true },
  },
});
const [data] = positionals;
const characters = Number(values.characters);
const fewest = 10 * EPOCHS * STREAMS * STEPS;
if (!data || !(characters >= fewest)) {
  throw new Error(`Give the folder of train.txt and valid.txt, and ${fewest} characters or more.`);
}
await createWasmBackend();
const laboratory = await Laboratory.open(data, characters, RUNS, 'models/experiments');
const text = await readFile(join(data, 'train.txt'), 'utf8');
const PARTS: Record<string, () => Promise<string>> = {
  cells: () => cells(laboratory),
  words: () => words(laboratory),
  optimizers: () => optimizers(laboratory),
  temperature: () => temperature(laboratory, text),
};
await mkdir(RUNS, { recursive: true });
for (const name of values.only ?? Object.keys(PARTS)) {
  const part = PARTS[name];
  if (!part) throw new Error(`There is no part ${name}: choose of ${Object.keys(PARTS).join(', ')}.`);
  const started = performance.now();
  const section = await part();
  console.error(`${name}: ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
  await writeFile(join(RUNS, `${name}.md`), section);
  await writePage();
}

/** The page, with all parts that have been measured so far. */
async function writePage(): Promise<void> {
  const sections = await Promise.all(
    Object.keys(PARTS).map((name) => readFile(join(RUNS, `${name}.md`), 'utf8').catch(() => '')),
  );
  await writeFile(
    PAGE,
    `# What the ancestor found, measured again

Written by \`npm run experiments -- DATA\` on ${machine()}. Every network has one layer of ${UNITS} units and an
embedding of ${EMBEDDING}, and read ${Math.floor(characters / EPOCHS).toLocaleString('en')} characters of Melville ${EPOCHS} times, ${STREAMS} streams of ${STEPS} steps at a time. They are beginners all:
read the differences, not the figures. Training bits and accuracy are those of the last epoch, validation is on other chapters.

${sections.filter((section) => section !== '').join('\n')}`,
  );
}
