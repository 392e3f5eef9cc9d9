/** What a run leaves for people to look at: `log.csv`, plots of it, and samples of what the network writes. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plot, type Series } from '../../plot.ts';

const LOG_FILE = 'log.csv';
const COLUMNS = [
  'epoch',
  'characters',
  'seconds',
  'learning_rate',
  'train_bits',
  'train_accuracy',
  'valid_bits',
  'valid_accuracy',
] as const;

/** A line of `log.csv`; the validation's figures are there at the end of an epoch. */
export type LogRow = { readonly [Column in (typeof COLUMNS)[number]]?: number };

export class RunFiles {
  readonly #folder: string;
  #rows: LogRow[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what an earlier process has logged, as far as the run is kept: the rest will happen again. */
  async open(characters: number): Promise<void> {
    const text = await readFile(join(this.#folder, LOG_FILE), 'utf8').catch(() => '');
    const [, ...lines] = text.trim().split('\n');
    this.#rows = lines.map(readRow).filter((row) => (row.characters ?? 0) <= characters);
    await writeFile(
      join(this.#folder, LOG_FILE),
      [COLUMNS.join(','), ...this.#rows.map(rowText), ''].join('\n'),
    );
  }

  /** All lines so far. */
  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  async log(row: LogRow): Promise<void> {
    this.#rows.push(row);
    await appendFile(join(this.#folder, LOG_FILE), `${rowText(row)}\n`);
  }

  /** Draws `loss.svg`, `accuracy.svg` and `rate.svg`. */
  async draw(): Promise<void> {
    const line = (name: string, column: keyof LogRow, times = 1): Series => ({
      name,
      points: this.#rows.flatMap(({ characters = 0, [column]: value }) =>
        value === undefined ? [] : [[characters / 1e6, value * times] as const],
      ),
    });
    const write = async (file: string, title: string, yLabel: string, series: Series[]) => {
      const shown = series.filter(({ points }) => points.length > 0);
      if (shown.length === 0) return;
      const xLabel = 'million characters';
      await writeFile(
        join(this.#folder, file),
        plot({ title, xLabel, yLabel, series: shown, scale: 'linear' }),
      );
    };
    await write('loss.svg', 'Loss', 'bits per character', [
      line('training', 'train_bits'),
      line('validation', 'valid_bits'),
    ]);
    await write('accuracy.svg', 'Next character guessed', '%', [
      line('training', 'train_accuracy', 100),
      line('validation', 'valid_accuracy', 100),
    ]);
    await write('rate.svg', 'Learning rate', 'learning rate', [line('learning rate', 'learning_rate')]);
  }

  async sample(heading: string, text: string): Promise<void> {
    await appendFile(join(this.#folder, 'samples.md'), `## ${heading}\n\n${text}\n\n`);
  }
}

function rowText(row: LogRow): string {
  return COLUMNS.map((column) => {
    const value = row[column];
    return value === undefined || Number.isInteger(value) ? value : Number(value.toPrecision(8));
  }).join(',');
}

function readRow(line: string): LogRow {
  const cells = line.split(',');
  return Object.fromEntries(
    COLUMNS.flatMap((column, i) => (cells[i] ? [[column, Number(cells[i])]] : [])),
  ) as LogRow;
}
