/** The text that runs write into docs/reliability.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { table } from '../../bench/measure.ts';

const DOCUMENT = 'docs/reliability.md';
const HEADS = [
  'fault',
  'accepted',
  'whole',
  'told',
  'lost',
  'doubled',
  'not accepted',
  'longest pause',
  'verdict',
];
const LATER = 'Rows of later, separate runs have replaced some of its rows.';

interface Section {
  readonly document: string;
  readonly from: number;
  readonly to: number;
}

/** The text between the markers of a run. */
async function sectionOf(name: 'faults' | 'soak'): Promise<Section> {
  const [begin, end] = [`<!-- ${name}: the last run -->`, `<!-- end of ${name} -->`];
  const document = await readFile(DOCUMENT, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${DOCUMENT}.`);
  return { document, from: from + begin.length, to };
}

/** Replaces the text between the markers of a run. */
export async function writeBetween(name: 'faults' | 'soak', content: string): Promise<void> {
  const { document, from, to } = await sectionOf(name);
  await writeFile(DOCUMENT, `${document.slice(0, from)}\n\n${content}\n\n${document.slice(to)}`);
}

/**
 * Writes the table of faults.
 *
 * @param names of all faults, in their order; a row begins with the name of its fault
 * @param facts of a run of all faults; without them the rows replace those of the same faults, and others stay
 */
export async function writeFaults(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  facts?: string,
): Promise<void> {
  if (facts) return writeBetween('faults', `${facts}\n\n${table(HEADS, rows)}`);
  const { document, from, to } = await sectionOf('faults');
  const [before = '', ...lines] = document.slice(from, to).trim().split('\n');
  const kept = lines.filter((line) => line.startsWith('|')).slice(2);
  const known = kept.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  const merged = names.flatMap((name) => {
    const isOfFault = ([cell]: readonly string[]) => cell!.startsWith(`${name}: `);
    return [rows.find(isOfFault) ?? known.find(isOfFault) ?? []].filter(({ length }) => length > 0);
  });
  const said = before.includes(LATER) ? before : `${before} ${LATER}`;
  await writeBetween('faults', `${said}\n\n${table(HEADS, merged)}`);
}
