/**
 * Compares a corpus that `scifi corpus build` wrote with the same works cleaned in another way, by shingles
 * of 50 characters: the share of the other's that ours contains, and the share of ours that the other
 * contains.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endWith, readCommandLine } from '../command-line.ts';
import { flatten, foundIn, SHINGLE_CHARACTERS } from './shingles.ts';
import { tableOf, worksOf } from './works.ts';

const WANTED = 0.98;
const LONGEST_DROPPED = 3_000;
const EDGE = 0.01;

const HELP = `
node --import tsx scripts/corpus/compare.ts DATA CLEAN [options]

Compares the corpus in DATA with the works in CLEAN/ID.txt.

  --manifest FILE  set aside the paragraphs that this table counts as dropped_paragraphs
  --show ID        print every passage of this work that differs; may be repeated; all for all works
`;

const { values, positionals } = readCommandLine(
  HELP,
  { manifest: { type: 'string' }, show: { type: 'string', multiple: true } },
  2,
);
const [data, clean] = positionals;
if (!data || !clean) endWith('Give the folder of the corpus and the folder of cleaned works.');
const dropped = new Map(
  (values.manifest ? await tableOf(values.manifest) : []).map((row) => [
    row.id,
    Number(row.dropped_paragraphs),
  ]),
);

/** A passage that the other text lacks, and the share of the text that precedes it. */
interface Passage {
  readonly text: string;
  readonly at: number;
}

/** The passages of consecutive shingles that were not found. */
function missing(text: string, found: Uint8Array): Passage[] {
  const passages: Passage[] = [];
  for (let i = 0; i < found.length; i++) {
    if (found[i]) continue;
    const from = i;
    while (i < found.length && !found[i]) i++;
    passages.push({ text: text.slice(from, i + SHINGLE_CHARACTERS - 1), at: from / text.length });
  }
  return passages;
}

interface Comparison {
  readonly id: string;
  /** The share of their shingles that ours contains, and the share of ours that theirs contains. */
  readonly forward: number;
  readonly reverse: number;
  readonly aside: number;
  readonly lacking: readonly Passage[];
  readonly extra: readonly Passage[];
}

function compare(id: string, ours: string, theirs: string): Comparison {
  const [a, b] = [flatten(theirs), flatten(ours)];
  const [forward, reverse] = [foundIn(a, b), foundIn(b, a)];
  const extra = missing(b, reverse);
  // Paragraphs that were dropped by hand lie within a work; this comparison judges its beginning and its end.
  const inside = extra
    .filter(({ text, at }) => text.length <= LONGEST_DROPPED && at > EDGE && at < 1 - EDGE)
    .toSorted((one, other) => other.text.length - one.text.length);
  const aside = inside.slice(0, dropped.get(id) ?? 0);
  const asideShingles = aside.reduce((sum, { text }) => sum + text.length - SHINGLE_CHARACTERS + 1, 0);
  const share = (found: Uint8Array, less = 0) =>
    found.reduce((sum, one) => sum + one, 0) / Math.max(1, found.length - less);
  return {
    id,
    forward: share(forward),
    reverse: share(reverse, asideShingles),
    aside: aside.length,
    lacking: missing(a, forward),
    extra: extra.filter((passage) => !aside.includes(passage)),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
const comparisons: Comparison[] = [];
for await (const { id, text } of worksOf(data)) {
  const file = join(clean, `${id}.txt`);
  if (!existsSync(file)) continue;
  const comparison = compare(id, text, (await readFile(file, 'utf8')).replace('\u0003', ''));
  comparisons.push(comparison);
  if (!values.show?.includes(id) && !values.show?.includes('all')) continue;
  const { forward, reverse, lacking, extra } = comparison;
  console.log(`=== ${id}: ${percent(forward)} of theirs in ours, ${percent(reverse)} of ours in theirs`);
  for (const { text, at } of lacking) console.log(`theirs only, at ${percent(at)}: ${text}`);
  for (const { text, at } of extra) console.log(`ours only, at ${percent(at)}: ${text}`);
}
for (const way of ['forward', 'reverse'] as const) {
  const below = comparisons
    .filter((one) => one[way] < WANTED)
    .toSorted((one, other) => one[way] - other[way]);
  const least = Math.min(...comparisons.map((one) => one[way]));
  console.log(
    `${way === 'forward' ? 'theirs in ours' : 'ours in theirs'}: ${comparisons.length - below.length} of ${comparisons.length} works at ${percent(WANTED)} or more, the least ${percent(least)}`,
  );
  for (const { id, [way]: share, aside } of below)
    console.log(`  ${id.padEnd(8)} ${percent(share)}${aside ? `, ${aside} passages set aside` : ''}`);
}
