/** Measures `scifi corpus build`: memory and time against the size of its input, in a separate process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { positive, readCommandLine } from '../scripts/command-line.ts';
import { uniformAt } from '../src/generator/sampler.ts';
import { machine, table } from './measure.ts';

const MEGABYTE = 1_000_000;
const FILES_IN_A_FOLDER = 1_000;
const REPLACED = 4;
const FIRST_ID = 100_000;
/** Writes the peak memory of a process, in KiB, when it ends. */
const PRINT_MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS '+process.resourceUsage().maxRSS))`;
const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

const HELP = `
npm run bench:corpus -- [options]

Builds corpora of increasing size, and prints time and memory of each.

  --raw FOLDER        vary the text files of this folder, replacing every fourth word, instead of generated works
  --megabytes SIZES   sizes of the inputs (default: 8 64 256)
  --work FOLDER       folder for the inputs (default: the temporary folder); they are removed afterwards
`;

const { values, positionals } = readCommandLine(
  HELP,
  {
    raw: { type: 'string' },
    work: { type: 'string' },
    megabytes: { type: 'string', multiple: true },
  },
  Infinity,
);
const sizes = [...(values.megabytes ?? ['8', '64', '256']), ...positionals].map((size) =>
  positive('--megabytes', size),
);
const originals = values.raw ? await originalsIn(values.raw) : [madeUp()];
const rows: string[][] = [];
for (const size of sizes) {
  const folder = await mkdtemp(join(values.work ?? tmpdir(), 'scifi-corpus-'));
  try {
    const files = await fill(join(folder, 'raw'), size * MEGABYTE);
    const { seconds, memory, output } = await build(join(folder, 'raw'), join(folder, 'data'));
    console.log(output);
    rows.push([
      size.toLocaleString('en'),
      files.toLocaleString('en'),
      seconds.toFixed(0),
      (size / seconds).toFixed(1),
      memory.toFixed(0),
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
console.log(machine());
console.log(table(['MB', 'files', 'seconds', 'MB/s', 'peak RSS, MB'], rows));

async function originalsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).toSorted();
  return Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
}

/** A made-up work: sentences of common words. */
function madeUp(): string {
  const words =
    'the of and to a in that it was his he with as had for on at her but not they you from which by all we one'.split(
      ' ',
    );
  const paragraph = (seed: number) =>
    Array.from({ length: 80 }, (_, i) => words[Math.floor(uniformAt(1, seed, i) * words.length)]).join(' ');
  const paragraphs = Array.from({ length: 500 }, (_, i) =>
    `He said ${paragraph(i)}.`.replace(/(.{60}\S*) /g, '$1\n'),
  );
  return `Title: The Gauge\n\nAuthor: A. N. Other\n\n[EBook #1]\n\n\n${paragraphs.join('\n\n')}\n`;
}

/** Writes this many bytes of variations; returns the number of files. */
async function fill(folder: string, bytes: number): Promise<number> {
  let written = 0;
  let files = 0;
  for (; written < bytes; files++) {
    const below = join(folder, String(Math.floor(files / FILES_IN_A_FOLDER)));
    if (files % FILES_IN_A_FOLDER === 0) await mkdir(below, { recursive: true });
    const text = variation(originals[files % originals.length]!, files);
    await writeFile(join(below, `${FIRST_ID + files}.txt`), text, 'latin1');
    written += text.length;
  }
  return files;
}

/** A file with a new id, in which every fourth word is replaced by another word of the file. */
function variation(original: string, seed: number): string {
  const words = original.match(/\b[a-z]{3,}\b/g) ?? [''];
  let index = 0;
  return original
    .replace(/\[(EBook|EText) #\d+\]/i, `[$1 #${FIRST_ID + seed}]`)
    .replace(/\b[a-z]{3,}\b/g, (word) =>
      index++ % REPLACED === 0 ? words[Math.floor(uniformAt(seed, index, 0) * words.length)]! : word,
    );
}

async function build(raw: string, out: string): Promise<{ seconds: number; memory: number; output: string }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', PRINT_MEMORY, CLI, 'corpus', 'build', raw, '--out', out],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  const memory = /maxRSS (\d+)/.exec(errors)?.[1];
  if (code !== 0 || memory === undefined) throw new Error(`corpus build ended with ${code}: ${errors}`);
  return {
    seconds: (performance.now() - started) / 1_000,
    memory: (Number(memory) * 1_024) / MEGABYTE,
    output,
  };
}
