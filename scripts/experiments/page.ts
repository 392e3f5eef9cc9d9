/** `models/EXPERIMENTS.md`: an introduction, and a section for each part, which a new measurement replaces. */
import { readFile, writeFile } from 'node:fs/promises';

const HEADING = /^(?=## )/m;

/**
 * Replaces the section with the same heading, or adds the section at the end.
 *
 * @param introduction replaces the page's introduction; undefined to keep it
 * @param section begins with its heading, `## ...`
 */
export async function replaceSection(
  page: string,
  introduction: string | undefined,
  section: string,
): Promise<void> {
  const [old = '', ...sections] = (await readFile(page, 'utf8')).split(HEADING);
  const headingOf = (text: string) => text.slice(0, text.indexOf('\n'));
  const at = sections.findIndex((one) => headingOf(one) === headingOf(section));
  const all = at < 0 ? [...sections, section] : sections.with(at, section);
  const parts = [introduction ?? old, ...all].map((part) => part.trim());
  await writeFile(page, `${parts.join('\n\n')}\n`);
}
