import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { File, Group } from 'h5wasm';
import { readHdf5 } from '../../../../src/generator/model/formats/hdf5.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import { ModelFileError } from '../../../../src/generator/model/model.ts';
import { changed, cutShort } from './damage.ts';
import { ancestorLayers, hdf5File, kerasHdf5 } from './keras-files.ts';

const MIB = 2 ** 20;
let folder: string;
let whole: Uint8Array;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  whole = await kerasHdf5(ancestorLayers(12));
});
after(() => rm(folder, { recursive: true }));

/** Asserts that a file is refused in one line of words, by the reading thread and its caller. */
async function assertRefused(bytes: Uint8Array, message: RegExp): Promise<void> {
  const path = join(folder, 'model.h5');
  await writeFile(path, bytes);
  await assert.rejects(readModel(path), (error) => {
    assert.ok(error instanceof ModelFileError, String(error));
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n') && error.message.length < 400, error.message);
    return true;
  });
}

describe('an HDF5 file', { concurrency: true }, () => {
  test('that is truncated is refused', () => cutShort(whole, 5));
  test('with changed bytes is read or refused within a time limit', () => changed(whole, 5));
  test('that takes too long is given up', async () => {
    await assert.rejects(readHdf5(whole.slice(), 'x.h5', { timeLimitMs: 1 }), /reading it takes too long/);
  });
  test('that is not HDF5 at all is distinguished from a damaged one', async () => {
    for (const length of [0, 7, 100]) {
      await assertRefused(
        whole.slice(0, length),
        length < 8 ? /none of HDF5/ : /whole HDF5 file|cannot be read/,
      );
    }
  });
});

describe('a hostile HDF5 file is refused within its limits:', () => {
  const add = (change: (file: File) => void) => kerasHdf5(ancestorLayers(12), { change });
  const inWeights = (change: (group: Group) => void) =>
    add((file) => change(file.get('model_weights') as Group));

  test('arrays that claim to be enormous', async () => {
    const write = (shape: number[], chunks: number[]) =>
      inWeights((group) => {
        const data = new Float32Array(1);
        group.create_dataset({
          name: 'huge',
          data,
          shape: [1, 1],
          maxshape: [null, null],
          chunks,
          dtype: '<f',
        });
        (group.get('huge') as unknown as { resize(size: number[]): number }).resize(shape);
      });
    const before = process.memoryUsage().rss;
    await assertRefused(
      await write([1e9, 1e9], [1, 1]),
      /its arrays up to \/model_weights\/huge claim more than \d+ MiB/,
    );
    await assertRefused(await write([2e4, 1e4], [1, 1]), /claim more than \d+ MiB/);
    assert.ok(process.memoryUsage().rss - before < 300 * MIB);
  });

  test('links that lead in a circle, to a missing target, or out of the file', async () => {
    const bytes = await add((file) => {
      const group = file.get('model_weights/lstm_2') as Group;
      group.create_soft_link('/model_weights', 'around');
      group.create_soft_link('/nowhere', 'gone');
      group.create_external_link('/etc/passwd', '/', 'outside');
    });
    // No link is followed, and no required part of the model is behind one.
    await writeFile(join(folder, 'model.h5'), bytes);
    assert.equal((await readModel(join(folder, 'model.h5'))).layers.length, 6);
    const linked = await add((file) => {
      const group = file.get('model_weights/lstm_2') as Group;
      group.delete_attribute('weight_names');
      group.create_attribute('weight_names', ['a', 'b', 'c'], [3], 'A1');
      group.create_soft_link('/model_weights/lstm_2/lstm_2/kernel:0', 'a');
    });
    await assertRefused(linked, /has no weight a/);
  });

  test('groups that contain themselves', async () => {
    const bytes = await inWeights((group) => group.create_hard_link('/model_weights', 'again'));
    await assertRefused(bytes, /its groups are more than 16 deep/);
    const wide = await inWeights((group) => {
      for (let i = 0; i < 12; i++) group.create_hard_link('/model_weights', `again_${i}`);
    });
    await assertRefused(wide, /more than 16 deep|more than 20000 groups and arrays/);
  });

  test('one array under many names', async () => {
    const bytes = await hdf5File((file) => {
      const data = new Float32Array(5 * MIB);
      file.create_dataset({ name: 'a', data, shape: [5 * MIB], dtype: '<f' });
      for (let i = 0; i < 100; i++) file.create_hard_link('/a', `a_${i}`);
    });
    await assert.rejects(
      readHdf5(bytes, 'x.h5'),
      /its arrays up to \/a_\d+ claim more than \d+ MiB, too much for a file of its size/,
    );
  });

  test('texts that claim to be endless, or are', async () => {
    const long = 'x'.repeat(2 * MIB);
    await assertRefused(
      await kerasHdf5(ancestorLayers(12), { config: long }),
      /makes its texts more than 1 MiB/,
    );
    const config = `{"class_name":"Sequential","config":${'['.repeat(100_000)}`;
    await assertRefused(await kerasHdf5(ancestorLayers(12), { config }), /`model_config` is not JSON/);
    const many = await inWeights((group) => {
      group.create_attribute(
        'many',
        Array.from({ length: 30_000 }, () => 'x'),
        [30_000],
        'A',
      );
    });
    await assertRefused(many, /its attribute many of \/model_weights claims to have 30000 texts/);
  });
});
