/** Measures what networks, optimizers and samplers do. Writes models/EXPERIMENTS.md and its plots. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machine } from '../../bench/measure.ts';
import { createWasmBackend } from '../../src/generator/engines/tensorflow/wasm.ts';
import { endWith, readCommandLine } from '../command-line.ts';
import { cells } from './cells.ts';
import { EMBEDDING, EPOCHS, Laboratory, STEPS, STREAMS, UNITS } from './laboratory.ts';
import { muon } from './muon.ts';
import { optimizers } from './optimizers.ts';
import { replaceSection } from './page.ts';
import { sampling } from './sampling.ts';
import { temperature } from './temperature.ts';
import { words } from './words.ts';

const CHARACTERS = 2_100_000;
const STORIES = 200;
const RUNS = 'runs/experiments';
const PAGE = 'models/EXPERIMENTS.md';
const PLOTS = 'models/experiments';

/** The ancestor's measurements, whose networks the page's introduction describes. */
const ANCESTORS = { cells, words, optimizers, temperature };
const NAMES = [...Object.keys(ANCESTORS), 'muon', 'sampling'];

const HELP = `
npm run experiments -- [PART ...] DATA [options]

Measures parts of ${PAGE}; without PART, all but muon and sampling (within an hour on two cores).
PARTs are ${NAMES.join(', ')}.
DATA is the folder of train.txt and valid.txt, for sampling of test.txt too.

  --characters NUMBER  characters that each network reads (default: ${CHARACTERS})
  --stories NUMBER     stories of each preset, for sampling (default: ${STORIES})

Networks are trained below ${RUNS}. When the command is repeated, interrupted runs continue there and
completed ones are kept. A part replaces its section of the page.
`;

const { values, positionals } = readCommandLine(
  HELP,
  {
    characters: { type: 'string', default: String(CHARACTERS) },
    stories: { type: 'string', default: String(STORIES) },
  },
  NAMES.length + 1,
);
const named = positionals.filter((word) => NAMES.includes(word));
const [data, unknown] = positionals.filter((word) => !NAMES.includes(word));
const [characters, stories] = [Number(values.characters), Number(values.stories)];
const fewest = 10 * EPOCHS * STREAMS * STEPS;
if (!data || unknown !== undefined || !(characters >= fewest) || !(stories >= 2)) {
  endWith(
    `Give the folder of train.txt and valid.txt, ${fewest} characters or more, and some of ${NAMES.join(', ')}.`,
  );
}
await createWasmBackend();
await mkdir(RUNS, { recursive: true });
const laboratory = await Laboratory.open(data, characters, RUNS, PLOTS);
for (const name of named.length > 0 ? named : Object.keys(ANCESTORS)) {
  const started = performance.now();
  const section = await measured(name, data);
  console.error(`${name}: ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
  await replaceSection(PAGE, Object.hasOwn(ANCESTORS, name) ? introduction() : undefined, section);
}

/** The section of a part. */
async function measured(name: string, folder: string): Promise<string> {
  if (name === 'muon') return muon(laboratory);
  if (name === 'sampling') return sampling(folder, stories, PLOTS);
  const text = await readFile(join(folder, 'train.txt'), 'utf8');
  return ANCESTORS[name as keyof typeof ANCESTORS](laboratory, text);
}

function introduction(): string {
  return `# What the ancestor found, measured again

Written by \`npm run experiments -- DATA\` on ${machine()}. Every network has one layer of ${UNITS} units and an
embedding of ${EMBEDDING}, and read ${Math.floor(characters / EPOCHS).toLocaleString('en')} characters of Melville ${EPOCHS} times, ${STREAMS} streams of ${STEPS} steps at a time. They are beginners all:
read the differences, not the figures. Training bits and accuracy are those of the last epoch, validation is on other chapters.`;
}
