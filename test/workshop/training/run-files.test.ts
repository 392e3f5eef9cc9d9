import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  afterChunk,
  afterEpoch,
  beginningOf,
  type Progress,
  reportOf,
  scoreOf,
} from '../../../src/workshop/training/progress.ts';
import { RunFiles } from '../../../src/workshop/training/run-files.ts';
import { parseSchedule } from '../../../src/workshop/training/schedule.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const SETTINGS = {
  architecture: { cell: 'lstm', units: [8], embedding: 4, dropout: 0 },
  schedule: parseSchedule('adam@0.002x10'),
  ...{ steps: 10, clip: 1, epochs: 3, seed: 1 },
} as const;
const CHUNKS = 40;
const PACE = { chunks: CHUNKS, rows: 1_000, charactersPerRow: 1 };
const VALID = { bitsPerCharacter: 2, accuracy: 0.4 };

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const { folder, remove } = await temporaryFolder();
  try {
    await work(folder);
  } finally {
    await remove();
  }
}

/** Logs epochs in which the loss falls and the accuracy rises from each chunk to the next. */
async function logSmoothly(files: RunFiles, epochs: number): Promise<void> {
  let progress: Progress = beginningOf(SETTINGS, { idToChar: {}, charToId: {} });
  for (let chunk = 0; chunk < epochs * CHUNKS; chunk++) {
    const nats = 1 + 2 * Math.exp(-chunk / 50);
    progress = afterChunk(progress, PACE, { nats, right: Math.round(900 - 800 * Math.exp(-chunk / 50)) });
    if (progress.chunk % 2 === 0) await files.logReport(reportOf(progress, PACE, 0.002, 100), chunk);
    if (progress.chunk < CHUNKS) continue;
    const train = scoreOf(progress, PACE);
    const { epoch, characters } = progress;
    const about = { streams: 10, optimizer: 'adam', learningRate: 0.002, seconds: chunk, isBest: true };
    await files.logEpoch({ ...about, epoch, characters, train, valid: VALID });
    progress = afterEpoch(progress, VALID);
  }
}

/** The values of a column of `log.csv`, by name; empty cells are undefined. */
async function columnOf(folder: string, name: string): Promise<(number | undefined)[]> {
  const [header, ...lines] = (await readFile(join(folder, 'log.csv'), 'utf8')).trim().split('\n');
  const place = header!.split(',').indexOf(name);
  return lines.map((line) => line.split(',')[place]!).map((cell) => (cell === '' ? undefined : Number(cell)));
}

/** The y coordinates of a line of a plot, in SVG's downward direction. */
async function heightsIn(folder: string, file: string): Promise<number[]> {
  const [, points] = /<polyline points="([^"]+)"/.exec(await readFile(join(folder, file), 'utf8'))!;
  return points!.split(' ').map((point) => Number(point.split(',')[1]));
}

describe("a run's log", () => {
  it('is as smooth across epochs as within them, and so are its plots', () =>
    inFolder(async (folder) => {
      const files = new RunFiles(folder);
      await files.open(0);
      await logSmoothly(files, 3);
      await files.draw();
      for (const [name, sign] of [
        ['train_bits', -1],
        ['train_accuracy', 1],
      ] as const) {
        const values = (await columnOf(folder, name)).filter((value) => value !== undefined);
        assert.equal(values.length, (3 * CHUNKS) / 2);
        for (const [i, value] of values.slice(1).entries()) {
          assert.ok((value - values[i]!) * sign > 0, `${name} goes from ${values[i]} to ${value}`);
        }
      }
      for (const [file, sign] of [
        ['loss.svg', 1],
        ['accuracy.svg', -1],
      ] as const) {
        const heights = await heightsIn(folder, file);
        assert.deepEqual(
          heights,
          heights.toSorted((a, b) => (a - b) * sign),
          file,
        );
      }
    }));

  it('has the means over whole epochs and the validation scores in separate columns', () =>
    inFolder(async (folder) => {
      const files = new RunFiles(folder);
      await files.open(0);
      await logSmoothly(files, 2);
      const ends = (await columnOf(folder, 'valid_bits')).flatMap((bits, row) =>
        bits === undefined ? [] : [row],
      );
      assert.deepEqual(ends, [CHUNKS / 2, CHUNKS + 1]);
      for (const name of ['epoch_train_bits', 'epoch_train_accuracy', 'valid_accuracy']) {
        const rows = (await columnOf(folder, name)).flatMap((value, row) =>
          value === undefined ? [] : [row],
        );
        assert.deepEqual(rows, ends, name);
      }
      const expected = Array.from({ length: CHUNKS }, (_, chunk) => 1 + 2 * Math.exp(-chunk / 50));
      const mean = expected.reduce((sum, nats) => sum + nats, 0) / CHUNKS / Math.LN2;
      assert.ok(Math.abs((await columnOf(folder, 'epoch_train_bits'))[ends[0]!]! - mean) < 1e-6);
    }));

  it('of an earlier version is converted, each figure to the column of its meaning', () =>
    inFolder(async (folder) => {
      const rows = [
        'epoch,characters,seconds,learning_rate,train_bits,train_accuracy,valid_bits,valid_accuracy',
        '0.5,100,1,0.002,3.5,0.2,,',
        '1,200,2,0.002,3.8,0.25,3.6,0.26',
        '1.5,300,3,0.002,3.3,0.3,,',
      ];
      await writeFile(join(folder, 'log.csv'), `${rows.join('\n')}\n`);
      const files = new RunFiles(folder);
      await files.open(200);
      assert.deepEqual(await columnOf(folder, 'train_bits'), [3.5, undefined]);
      assert.deepEqual(await columnOf(folder, 'train_accuracy'), [undefined, undefined]);
      assert.deepEqual(await columnOf(folder, 'epoch_train_bits'), [undefined, 3.8]);
      assert.deepEqual(await columnOf(folder, 'valid_bits'), [undefined, 3.6]);
      // The log of the earlier run stays unchanged.
      await files.open(200);
      assert.deepEqual(await columnOf(folder, 'epoch_train_accuracy'), [undefined, 0.25]);
    }));
});
