import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOUNDARY } from '../../src/generator/vocabulary.ts';
import { SPLITS } from '../../src/workshop/corpus/build.ts';

/** Every work of a corpus that `scifi corpus build` wrote, by split; only one at a time is in memory. */
export async function* worksOf(folder: string): AsyncGenerator<{ id: string; text: string }> {
  const rows = await tableOf(join(folder, 'manifest.tsv'));
  for (const split of SPLITS) {
    const ids = rows.filter((row) => row.split === split).map((row) => row.id!);
    let [text, work] = ['', 0];
    for await (const chunk of createReadStream(join(folder, `${split}.txt`), 'utf8')) {
      const parts = (text + chunk).split(BOUNDARY);
      text = parts.pop()!;
      // The part before the first U+0003 is empty.
      for (const part of parts) if (part !== '') yield { id: ids[work++]!, text: part };
    }
    if (text !== '') yield { id: ids[work]!, text };
  }
}

/** The rows of a tab-separated table whose first line names the columns. */
export async function tableOf(file: string): Promise<Record<string, string>[]> {
  const [head, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const columns = head!.split('\t');
  return lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
  });
}
