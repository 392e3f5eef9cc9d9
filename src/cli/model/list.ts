import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../../config.ts';
import { kindOf } from '../../generator/model/describe.ts';
import { listModels, loadModel, MODEL_NAME } from '../../generator/model/files.ts';
import { MODEL_FILE } from '../../generator/model/format.ts';
import { ModelFileError, parameterCount } from '../../generator/model/model.ts';
import { printLine } from '../console.ts';

const BYTES_PER_MIB = 2 ** 20;

interface Row {
  readonly name: string;
  readonly offered: string;
  readonly version: string;
  readonly size: string;
  readonly kind: string;
}

/** `model list`: the models in the models folder. */
export function addModelList(model: Command): void {
  model
    .command('list')
    .description('list the models in the models folder, and which of them are offered')
    .action(async () => {
      const { modelsFolder } = readConfig(process.env);
      const offered = (await listModels(modelsFolder)).map(({ name }) => name);
      const entries = await readdir(modelsFolder, { withFileTypes: true });
      const folders = entries
        .filter(({ name }) => MODEL_NAME.test(name) && existsSync(join(modelsFolder, name, MODEL_FILE)))
        .map(({ name }) => name);
      const names = [...new Set([...offered, ...folders.toSorted()])];
      const rows: Row[] = [
        { name: 'name', offered: 'offered', version: 'version', size: 'size', kind: 'kind' },
      ];
      for (const name of names) rows.push(await rowOf(modelsFolder, name, offered.indexOf(name)));
      for (const line of table(rows)) printLine(line);
    });
}

async function rowOf(modelsFolder: string, name: string, place: number): Promise<Row> {
  const offered = place === 0 ? 'default' : place > 0 ? 'yes' : 'no';
  const folder = join(modelsFolder, name);
  try {
    const model = await loadModel(folder);
    const weights = await sizeOf(folder);
    const count = `${(parameterCount(model) / 1e6).toFixed(1)} M weights`;
    const kind = `${kindOf(model.layers)}; ${count}`;
    return {
      name,
      offered,
      version: model.version,
      size: `${(weights / BYTES_PER_MIB).toFixed(1)} MiB`,
      kind,
    };
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    return { name, offered, version: '-', size: '-', kind: `cannot be used: ${error.problem}` };
  }
}

/** Bytes of all files in a model's folder. */
async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function table(rows: readonly Row[]): string[] {
  const width = (column: keyof Row) => Math.max(...rows.map((row) => row[column].length));
  const widths = {
    name: width('name'),
    offered: width('offered'),
    version: width('version'),
    size: width('size'),
  };
  return rows.map(
    (row) =>
      `${row.name.padEnd(widths.name)}  ${row.offered.padEnd(widths.offered)}  ` +
      `${row.version.padEnd(widths.version)}  ${row.size.padStart(widths.size)}  ${row.kind}`,
  );
}
