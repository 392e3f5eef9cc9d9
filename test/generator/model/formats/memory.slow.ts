/**
 * No import takes more memory than four times its file and 256 MB, for any content of the file: measured in
 * one process each.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { zipSync } from 'fflate';
import type { Group } from 'h5wasm';
import { saveModel } from '../../../../src/generator/model/files.ts';
import { vocabulary } from '../../../fakes/fake-storyteller.ts';
import { ROOT } from '../../../helpers/cli.ts';
import { randomModel } from '../random-model.ts';
import {
  ancestorLayers,
  dense,
  embedding,
  hdf5File,
  type KerasLayer,
  kerasArchive,
  kerasHdf5,
  lstm,
  plain,
  timeDistributed,
} from './keras-files.ts';

const MB = 1e6;
const TELL_MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS '+process.resourceUsage().maxRSS))`;

let folder: string;
let dictionary: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
  dictionary = join(folder, 'dict.json');
  await writeFile(dictionary, JSON.stringify(vocabulary.toFile()));
});
after(() => rm(folder, { recursive: true }));

interface Import {
  readonly code: number | null;
  readonly message: string;
  readonly peakBytes: number;
  /** Bytes of the file, or of all files of a folder. */
  readonly fileBytes: number;
}

/** Imports a file or folder in a separate process. */
async function imported(path: string, vocabularyFile = dictionary): Promise<Import> {
  const out = join(folder, `out-${path.split('/').at(-1)!.replaceAll('.', '-')}`);
  const node = ['--import', import.meta.resolve('tsx'), '--import', TELL_MEMORY, join(ROOT, 'src/cli.ts')];
  const args = ['model', 'import', path, '--vocabulary', vocabularyFile, '--out', out];
  const child = spawn(process.execPath, [...node, ...args], { env: { PATH: process.env.PATH } });
  const [told, code] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stdout),
  ]);
  const peak = /^(.*?)maxRSS (\d+)$/s.exec(told);
  assert.ok(peak, told);
  const found = await stat(path);
  const files = found.isFile() ? [path] : (await readdir(path)).map((name) => join(path, name));
  const sizes = await Promise.all([...files, vocabularyFile].map(async (file) => (await stat(file)).size));
  return {
    code,
    message: peak[1]!,
    peakBytes: Number(peak[2]) * 1_024,
    fileBytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

function assertBounded({ peakBytes, fileBytes }: Import): void {
  const most = 4 * fileBytes + 256 * MB;
  assert.ok(peakBytes <= most, `${Math.round(peakBytes / MB)} MB for a file of ${fileBytes / MB} MB`);
}

/** Asserts that a file is refused in one line, without much memory. */
async function assertRefused(name: string, content: Uint8Array | string, message: RegExp): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, content);
  const outcome = await imported(path);
  assert.match(outcome.message, message);
  assert.equal(outcome.message.trim().split('\n').length, 1, outcome.message);
  assert.equal(outcome.code, 2);
  assertBounded(outcome);
}

/** A network of some 10 million weights. */
const large: readonly (KerasLayer & { readonly folder: string })[] = [
  { ...embedding(97, 32, null), folder: 'embedding' },
  { ...lstm('lstm_1', 32, 900), folder: 'lstm' },
  { ...lstm('lstm_2', 900, 900), folder: 'lstm_1' },
  { ...timeDistributed('out', dense('dense_1', 900, 97, 'linear')), folder: 'time_distributed' },
  { ...plain('Activation', 'softmax', { activation: 'softmax' }), folder: 'activation' },
];

describe('a large model is imported within four times its file and 256 MB:', () => {
  const assertImported = async (path: string) => {
    const outcome = await imported(path);
    assert.equal(outcome.message, '');
    assert.equal(outcome.code, 0);
    assert.ok(outcome.fileBytes > 20 * MB);
    assertBounded(outcome);
  };

  test('HDF5', async () => {
    const path = join(folder, 'large.h5');
    await writeFile(path, await kerasHdf5(large));
    await assertImported(path);
  });

  test('.keras', async () => {
    const path = join(folder, 'large.keras');
    await writeFile(path, (await kerasArchive(large)).bytes);
    await assertImported(path);
  });

  for (const dtype of ['float32', 'float16'] as const) {
    test(`a layers model of ${dtype}`, async () => {
      const path = join(folder, `large-${dtype}`);
      const units = dtype === 'float32' ? 900 : 1_300;
      await saveModel(path, randomModel({ characters: 97, units: [units, units] }), { dtype });
      await assertImported(path);
    });
  }
});

describe('a hostile file is refused within that limit:', () => {
  const zeros = (bytes: number) => new Uint8Array(bytes);

  test('an archive that unpacks to much more than its size', async () => {
    const { files } = await kerasArchive(large.slice(0, 1));
    const bomb = zipSync({ ...files, 'model.weights.h5': zeros(300 * MB) }, { level: 1 });
    assert.ok(bomb.length < 5 * MB);
    await assertRefused(
      'bomb.keras',
      bomb,
      /model\.weights\.h5 claims to have 300000000 bytes; it may have \d+/,
    );
    const objects = `[${'{},'.repeat(5 * MB)}{}]`;
    const many = zipSync({ ...files, 'config.json': new TextEncoder().encode(objects) }, { level: 1 });
    await assertRefused(
      'objects.keras',
      many,
      /config\.json claims to have 15000004 bytes; it may have 1048576/,
    );
  });

  test('arrays that are only declared, or compressed', async () => {
    const claimed = await hdf5File((file) => {
      const options = {
        data: new Float32Array(1),
        shape: [1, 1],
        maxshape: [null, null],
        dtype: '<f' as const,
      };
      file.create_dataset({ name: 'huge', ...options, chunks: [1_000, 1_000] });
      (file.get('huge') as unknown as { resize(size: number[]): number }).resize([10_000, 10_000]);
    });
    await assertRefused('claimed.h5', claimed, /arrays up to \/huge claim more than \d+ MiB/);
    const compressed = await hdf5File((file) => {
      const data = new Float32Array(50 * MB);
      const options = { shape: [5_000, 10_000], chunks: [5_000, 10_000], compression: 'gzip' as const };
      file.create_dataset({ name: 'zeros', data, dtype: '<f', ...options });
    });
    assert.ok(compressed.length < MB);
    await assertRefused('compressed.h5', compressed, /arrays up to \/zeros claim more than \d+ MiB/);
  });

  test('a list that names one long text thousands of times', async () => {
    const LONG = 900_000;
    const COUNT = 10_000;
    const bytes = Buffer.from(
      await kerasHdf5(ancestorLayers(97), {
        change: (file) => {
          const texts = Array.from({ length: COUNT }, (_, i) => (i === 0 ? 'x'.repeat(LONG) : 'y'));
          (file.get('model_weights') as Group).create_attribute('again', texts, [COUNT], 'A');
        },
      }),
    );
    // A text of variable length is its length, an address and an index, 16 bytes in all.
    const length = Buffer.alloc(4);
    let at = -1;
    for (const candidate of [LONG, LONG + 1]) {
      length.writeUInt32LE(candidate);
      // The length of the next text follows.
      for (let from = bytes.indexOf(length); from >= 0 && at < 0; from = bytes.indexOf(length, from + 1)) {
        if (bytes.readUInt32LE(from + 16) <= 2 && bytes.readUInt32LE(from + 32) <= 2) at = from;
      }
    }
    assert.ok(at > 0, 'no list of texts was found');
    for (let i = 1; i < COUNT; i++) bytes.copy(bytes, at + 16 * i, at, at + 16);
    await assertRefused('again.h5', bytes, /too much memory for a file of its size/);
  });

  test('a header that is most of the file', async () => {
    const header = Buffer.from(`{"a":[${'{},'.repeat(10 * MB)}{}]}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const message = /its header claims to have 30000010 bytes; it may have 1048576/;
    await assertRefused('header.safetensors', Buffer.concat([length, header]), message);
  });

  test('an endless model.json or dictionary', async () => {
    await assertRefused('endless.json', `{"a":[${'{},'.repeat(10 * MB)}{}]}`, /has more than 4194304 bytes/);
    const path = join(folder, 'small');
    await mkdir(path);
    await saveModel(path, randomModel({ characters: 97 }), { dtype: 'float32' });
    for (const [file, problem] of [
      ['/dev/zero', /zero cannot be imported: it has more than 1048576 bytes/],
      ['/dev/null', /null cannot be imported: it is not JSON/],
    ] as const) {
      const outcome = await imported(path, file);
      assert.match(outcome.message, problem);
      assertBounded(outcome);
    }
  });

  test('layers that all claim the same weights', async () => {
    const input = embedding(97, 300, null);
    const one = lstm('same', 300, 300);
    const out = dense('out', 300, 97, 'softmax');
    const layers = [input, ...Array.from({ length: 2_000 }, () => one), out];
    const config = layers.map(({ class_name, config }) => ({ class_name, config }));
    const bytes = await kerasHdf5([input, one, out], { config: { class_name: 'Sequential', config } });
    await assertRefused('same.h5', bytes, /its weight same\/kernel:0 belongs to two layers/);
  });
});
