/**
 * Measures `scifi corpus build`: memory and time against the size of its input, in a separate process.
 *
 *   npm run bench:corpus                                            # 8, 64 and 256 MB of made-up works
 *   npm run bench:corpus -- --raw FOLDER --megabytes 100 1000 5000  # variations of real files, in which every
 *                                                                   # fourth word is another, so that none repeats
 *
 * The files are made in the temporary folder, or in `--work FOLDER`, and removed afterwards.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { uniformAt } from '../src/generator/sampler.ts';
import { machine, table } from './measure.ts';

const MEGABYTE = 1_000_000;
const FILES_IN_A_FOLDER = 1_000;
const REPLACED = 4;
const FIRST_ID = 100_000;
/** Writes the peak memory of a process, in KiB, when it ends. */
const TELL_MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS '+process.resourceUsage().maxRSS))`;
const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    raw: { type: 'string' },
    work: { type: 'string' },
    megabytes: { type: 'string', multiple: true },
  },
});
const sizes = [...(values.megabytes ?? ['8', '64', '256']), ...positionals].map(Number);
if (!sizes.every((size) => size > 0)) throw new Error('Give sizes in megabytes.');
const originals = values.raw ? await originalsIn(values.raw) : [madeUp()];
const rows: string[][] = [];
for (const size of sizes) {
  const folder = await mkdtemp(join(values.work ?? tmpdir(), 'scifi-corpus-'));
  try {
    const files = await fill(join(folder, 'raw'), size * MEGABYTE);
    const { seconds, memory, said } = await build(join(folder, 'raw'), join(folder, 'data'));
    console.log(said);
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
  let place = 0;
  return original
    .replace(/\[(EBook|EText) #\d+\]/i, `[$1 #${FIRST_ID + seed}]`)
    .replace(/\b[a-z]{3,}\b/g, (word) =>
      place++ % REPLACED === 0 ? words[Math.floor(uniformAt(seed, place, 0) * words.length)]! : word,
    );
}

async function build(raw: string, out: string): Promise<{ seconds: number; memory: number; said: string }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', TELL_MEMORY, CLI, 'corpus', 'build', raw, '--out', out],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [said, told] = ['', ''];
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    told += chunk;
  });
  const [code] = await once(child, 'close');
  const memory = /maxRSS (\d+)/.exec(told)?.[1];
  if (code !== 0 || memory === undefined) throw new Error(`corpus build ended with ${code}: ${told}`);
  return {
    seconds: (performance.now() - started) / 1_000,
    memory: (Number(memory) * 1_024) / MEGABYTE,
    said,
  };
}
