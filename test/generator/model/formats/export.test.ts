/** Models of every kind, exported: read back by us, and run by other programs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadOnnxRuntime } from '../../../../src/generator/engines/onnx.ts';
import { saveModel } from '../../../../src/generator/model/files.ts';
import type { ForeignModel } from '../../../../src/generator/model/formats/foreign-model.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import { writeKerasHdf5 } from '../../../../src/generator/model/formats/write-keras-hdf5.ts';
import { writeOnnx } from '../../../../src/generator/model/formats/write-onnx.ts';
import type { Model } from '../../../../src/generator/model/model.ts';
import { KINDS } from '../../engines/kinds.ts';
import { Reference } from '../../engines/reference.ts';

const TOLERANCE = 1e-4;
const IDS = [0, 3, 1, 4, 1, 5, 2];

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
});
after(() => rm(folder, { recursive: true }));

/** The layers of every model that engines run. */
function essence({ layers, reading }: Pick<ForeignModel, 'layers' | 'reading'>): unknown {
  return { layers, reading };
}

/** The logits after the last of some ids, by ONNX Runtime and from the metadata of the file alone. */
async function logitsByOnnx(
  bytes: Uint8Array,
  ids: readonly number[],
  window: number,
): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(bytes);
  try {
    if (session.inputNames.includes('valid')) {
      const seen = ids.slice(-window);
      const results = await session.run({
        ids: new Tensor('int32', Int32Array.from(seen), [seen.length, 1]),
        valid: new Tensor('bool', new Uint8Array(seen.length).fill(1), [seen.length, 1, 1]),
      });
      return results.logits!.data as Float32Array;
    }
    const states = session.inputNames.filter((name) => name !== 'ids');
    let carried = Object.fromEntries(
      session.inputMetadata
        .filter(({ name }) => states.includes(name))
        .map((input) => {
          const units = input.isTensor ? Number(input.shape.at(-1)) : 0;
          return [input.name, new Tensor('float32', new Float32Array(units), [1, units])];
        }),
    );
    let logits = new Float32Array();
    for (const id of ids) {
      const results = await session.run({ ids: new Tensor('int32', Int32Array.of(id), [1]), ...carried });
      carried = Object.fromEntries(states.map((name) => [name, results[`new_${name}`]!])) as typeof carried;
      logits = results.logits!.data as Float32Array<ArrayBuffer>;
    }
    return logits;
  } finally {
    await session.release();
  }
}

const MEMORIES: readonly string[] = ['lstm', 'gru', 'bidirectional'];
/** Layers without an equivalent in Keras 2 or TensorFlow.js. */
const LACKING =
  /(TensorFlow\.js has no GRU with `reset_after`|Keras 2 has no activation (glu|sparsemax)|TensorFlow\.js has no activation \w+)\./;
const WRITERS: Readonly<Record<string, (path: string, model: Model) => Promise<unknown>>> = {
  'Keras HDF5': async (path, model) => writeFile(path, await writeKerasHdf5(model)),
  'TensorFlow.js': (path, model) => saveModel(path, model, { dtype: 'float32', dialect: 'tensorflow.js' }),
};

describe('a model with', () => {
  for (const [name, model] of Object.entries(KINDS)) {
    // An imported network without a recurrent layer cannot write stories.
    const hasMemory = model.layers.some(({ kind }) => MEMORIES.includes(kind));
    const formats = hasMemory ? WRITERS : {};
    for (const [format, write] of Object.entries(formats)) {
      test(`${name} is unchanged after ${format}, or refused if it has no equivalent`, async () => {
        const path = join(folder, `${name.replaceAll(/\W/g, '_')}-${format}`);
        try {
          await write(path, model);
        } catch (error) {
          assert.match((error as Error).message, LACKING);
          return;
        }
        assert.deepEqual(essence(await readModel(path)), essence(model));
      });
    }

    test(`${name} gives the same results as ONNX as by its formulas`, async () => {
      const window = model.reading.kind === 'window' ? model.reading.characters : IDS.length;
      const reference = new Reference(model);
      const expected = IDS.map((id) => reference.step(id)).at(-1)!;
      const logits = await logitsByOnnx(writeOnnx(model), IDS, window);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - logits[i]!)));
      assert.ok(worst < TOLERANCE, `${worst}`);
    });
  }
});
