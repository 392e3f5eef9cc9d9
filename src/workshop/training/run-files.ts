/** The files of a run for its users: `log.csv`, plots of it, and samples of what the network writes. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plot, type Series } from '../plot.ts';
import type { EpochReport, Report } from './progress.ts';

const LOG_FILE = 'log.csv';
const COLUMNS = [
  'epoch',
  'characters',
  'seconds',
  'learning_rate',
  'train_bits',
  'train_accuracy',
  'epoch_train_bits',
  'epoch_train_accuracy',
  'valid_bits',
  'valid_accuracy',
] as const;

type Column = (typeof COLUMNS)[number];

/**
 * A line of `log.csv`. `train_*` are running means over about the last twenty chunks. The line at an epoch's
 * end has `epoch_train_*`, the means over the whole epoch, and `valid_*` instead.
 */
export type LogRow = { readonly [Name in Column]?: number };

export class RunFiles {
  readonly #folder: string;
  #rows: LogRow[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what an earlier process logged, up to the last checkpoint: the rest is trained again. */
  async open(characters: number): Promise<void> {
    const text = await readFile(join(this.#folder, LOG_FILE), 'utf8').catch(() => '');
    const [header = '', ...lines] = text.trim().split('\n');
    const columns = header.split(',');
    this.#rows = lines
      .map((line) => readRow(line, columns))
      .filter((row) => (row.characters ?? 0) <= characters);
    await writeFile(
      join(this.#folder, LOG_FILE),
      [COLUMNS.join(','), ...this.#rows.map(rowText), ''].join('\n'),
    );
  }

  /** All lines so far. */
  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  /** Logs the progress within an epoch. */
  logReport(report: Report, seconds: number): Promise<void> {
    const { epoch, chunk, chunks, characters, learningRate, recent } = report;
    return this.#log({
      ...{ epoch: epoch + chunk / chunks, characters, seconds, learning_rate: learningRate },
      ...{ train_bits: recent.bitsPerCharacter, train_accuracy: recent.accuracy },
    });
  }

  /** Logs the result of an epoch. */
  logEpoch({ epoch, characters, seconds, learningRate, train, valid }: EpochReport): Promise<void> {
    return this.#log({
      ...{ epoch: epoch + 1, characters, seconds, learning_rate: learningRate },
      ...{ epoch_train_bits: train.bitsPerCharacter, epoch_train_accuracy: train.accuracy },
      ...{ valid_bits: valid.bitsPerCharacter, valid_accuracy: valid.accuracy },
    });
  }

  async #log(row: LogRow): Promise<void> {
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

function readRow(line: string, columns: readonly string[]): LogRow {
  const cells = line.split(',');
  const row = Object.fromEntries(
    COLUMNS.flatMap((column) => {
      const cell = cells[columns.indexOf(column)];
      return cell ? [[column, Number(cell)]] : [];
    }),
  ) as LogRow;
  return columns.includes('epoch_train_bits') ? row : ofEarlierVersion(row);
}

/**
 * A row of an earlier version, which had the means over an epoch among the running ones, and in
 * `train_accuracy` the mean over the epoch so far.
 */
function ofEarlierVersion({ train_bits: bits, train_accuracy: accuracy, ...row }: LogRow): LogRow {
  const isEpoch = row.valid_bits !== undefined;
  if (!isEpoch) return { ...row, ...(bits === undefined ? {} : { train_bits: bits }) };
  return {
    ...row,
    ...(bits === undefined ? {} : { epoch_train_bits: bits }),
    ...(accuracy === undefined ? {} : { epoch_train_accuracy: accuracy }),
  };
}
