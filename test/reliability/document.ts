/** The text that runs write into docs/reliability.md. */
import { readFile, writeFile } from 'node:fs/promises';

const DOCUMENT = 'docs/reliability.md';

/** Replaces the text between the markers of a run. */
export async function writeBetween(name: 'faults' | 'soak', content: string): Promise<void> {
  const [begin, end] = [`<!-- ${name}: the last run -->`, `<!-- end of ${name} -->`];
  const document = await readFile(DOCUMENT, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in ${DOCUMENT}.`);
  await writeFile(DOCUMENT, `${document.slice(0, from)}${begin}\n\n${content}\n\n${document.slice(to)}`);
}
