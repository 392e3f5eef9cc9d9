import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zipSync } from 'fflate';
import type { ForeignModel } from '../../../../src/generator/model/formats/foreign-model.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import type { Layer, RecurrentLayer } from '../../../../src/generator/model/layers.ts';
import {
  batchNormalization,
  bidirectional,
  dense,
  embedding,
  gru,
  type KerasLayer,
  kerasArchive,
  lstm,
  plain,
  timeDistributed,
} from './keras-files.ts';

let folder: string;
let count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
});
after(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array): Promise<ForeignModel> {
  const path = join(folder, `model-${count++}.keras`);
  await writeFile(path, bytes);
  return readModel(path);
}

const keras3 = { settings: { reset_after: true } };
const [input, embed, first, second, both, third, norm, wrapped] = [
  plain('InputLayer', 'in', { batch_shape: [null, 40] }),
  embedding(9, 4, null),
  lstm('reader', 4, 3),
  gru('middle', 3, 3, keras3),
  bidirectional('two ways', lstm('inner', 3, 2), 'mul'),
  lstm('another', 2, 3),
  batchNormalization('norm', 3, { scale: false }),
  timeDistributed('out', dense('inner_dense', 3, 9, 'linear')),
] as const;
/** Keras 3 names layers in the weights file after their classes, not after their names. */
const layers = [
  { ...input, folder: 'input_layer' },
  { ...embed, folder: 'embedding' },
  { ...first, folder: 'lstm' },
  { ...second, folder: 'gru' },
  { ...plain('Dropout', 'd'), folder: 'dropout' },
  { ...both, folder: 'bidirectional' },
  { ...third, folder: 'lstm_1' },
  { ...norm, folder: 'batch_normalization' },
  {
    ...plain('TimeDistributed', 'td', { layer: plain('Activation', 'a', { activation: 'linear' }) }),
    folder: 'time_distributed',
  },
  { ...wrapped, folder: 'time_distributed_1' },
  { ...plain('Activation', 'softmax', { activation: 'softmax' }), folder: 'activation' },
];
const values = (layer: KerasLayer) => layer.weights.map((one) => one.values);
const weightsOf = ({ kernel, recurrentKernel, bias }: RecurrentLayer) => [kernel, recurrentKernel, bias];

function assertIsRead({ layers: found, reading }: ForeignModel): void {
  assert.deepEqual(reading, { kind: 'window', characters: 40 });
  const [e, l, g, b, l1, n, , d] = found as [
    Layer,
    RecurrentLayer,
    RecurrentLayer,
    Layer,
    RecurrentLayer,
    Layer,
    Layer,
    Layer,
  ];
  assert.deepEqual(e.kind === 'embedding' && [e.matrix], values(embed));
  assert.deepEqual(weightsOf(l), values(first));
  assert.equal(l.recurrentActivation, 'hard_sigmoid_keras3');
  assert.deepEqual(weightsOf(g), values(second));
  assert.deepEqual(
    b.kind === 'bidirectional' && [...weightsOf(b.forward), ...weightsOf(b.backward)],
    values(both),
  );
  assert.deepEqual(weightsOf(l1), values(third));
  assert.ok(n.kind === 'batch_normalization');
  assert.deepEqual([n.gamma, n.beta, n.mean, n.variance], [Float32Array.of(1, 1, 1), ...values(norm)]);
  assert.deepEqual(d.kind === 'dense' && [d.kernel, d.bias], values(wrapped));
}

describe("Keras 3's .keras", () => {
  test('is read, Sequential and Functional, of this version and of TensorFlow 2.13', async () => {
    const sequential = await read((await kerasArchive(layers)).bytes);
    assert.equal(sequential.source, '.keras of Keras 3.3.3');
    assertIsRead(sequential);
    const old = await kerasArchive(layers, { root: '_layer_checkpoint_dependencies', version: '3.0.0' });
    assertIsRead(await read(zipSync(old.files, { level: 9 })));
    const chain = layers.map(({ class_name, config }, i) => ({
      ...{ class_name, config, name: config.name },
      inbound_nodes:
        i === 0
          ? []
          : [{ args: [{ config: { keras_history: [layers[i - 1]!.config.name, 0, 0] } }], kwargs: {} }],
    }));
    const config = { class_name: 'Functional', config: { name: 'functional', layers: chain } };
    assertIsRead(await read((await kerasArchive(layers, { config })).bytes));
  });

  test('is refused in one line that names the missing part', async () => {
    const { files } = await kerasArchive(layers);
    const without = (name: string) =>
      Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
    const text = (content: string) => new TextEncoder().encode(content);
    const headless = await kerasArchive(layers.with(6, { ...third, folder: 'lstm_7' }));
    const faults: [Uint8Array, RegExp][] = [
      [zipSync(without('metadata.json')), /has no metadata\.json in it/],
      [zipSync(without('config.json')), /has no config\.json in it/],
      [zipSync(without('model.weights.h5')), /has no model\.weights\.h5 in it/],
      [zipSync({ ...files, 'config.json': text('{') }), /its config\.json is not a JSON object/],
      [zipSync({ ...files, 'metadata.json': text('[]') }), /its metadata\.json is not a JSON object/],
      [
        zipSync({ ...files, 'model.weights.h5': text('HDF5?') }),
        /model\.weights\.h5 cannot be used: it is not a whole HDF5/,
      ],
      [headless.bytes, /has no weight another\/kernel/],
    ];
    for (const [bytes, message] of faults) {
      await assert.rejects(read(bytes), (error) => {
        assert.match((error as Error).message, message);
        return true;
      });
    }
  });

  test('is refused when the archive’s sizes are wrong or exceed the limit', async () => {
    const { files, bytes } = await kerasArchive(layers);
    const half = 1 << 29;
    const bomb = zipSync({ ...files, 'config.json': new Uint8Array(1 << 25) }, { level: 9 });
    assert.ok(bomb.length < 300_000);
    const claiming = withSizes(zipSync(files, { level: 9 }), half + 1);
    const faults: [Uint8Array, RegExp][] = [
      [bomb, /its config\.json claims to have 33554432 bytes/],
      [claiming, /claims to have 536870913 bytes; it may have/],
      // A wrong size, too small and too large.
      [withSizes(zipSync(files, { level: 9 }), 100), /not a whole zip archive|claims/],
      [withSizes(zipSync(files, { level: 9 }), 1_000_000), /not a whole zip archive|claims/],
      [bytes.slice(0, -30), /not a whole zip archive/],
      [bytes.slice(0, 200), /not a whole zip archive/],
      [flipped(bytes, indexOf(bytes, '"units"')), /its config\.json was changed or damaged/],
      [zipSync({ ...files, '../evil': new Uint8Array(3) }), /not a whole zip archive/],
    ];
    for (const [broken, message] of faults) {
      await assert.rejects(read(broken), (error) => {
        assert.match((error as Error).message, message);
        return true;
      });
    }
  });
});

/** The archive with another uncompressed size in every entry of its directory. */
function withSizes(bytes: Uint8Array, size: number): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  for (let at = 0; at + 28 < changed.length; at++) {
    if (view.getUint32(at, true) === 0x0201_4b50) view.setUint32(at + 24, size, true);
  }
  return changed;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at + 1]! ^= 1;
  return changed;
}

function indexOf(bytes: Uint8Array, text: string): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(text);
}
