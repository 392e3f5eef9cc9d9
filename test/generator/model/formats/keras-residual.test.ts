/** A residual stack that Keras itself wrote; test/fixtures/keras-residual/make.py made the files. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createOnnxEngine } from '../../../../src/generator/engines/onnx.ts';
import { readModel } from '../../../../src/generator/model/formats/read-model.ts';
import { logSoftmax, Reference } from '../../engines/reference.ts';
import { modelOf } from '../random-model.ts';

const FOLDER = fileURLToPath(new URL('../../../fixtures/keras-residual/', import.meta.url));
/** Keras computes in float32. */
const TOLERANCE = 2e-6;

describe('a residual stack of Keras 3', () => {
  for (const file of ['residual.keras', 'residual.h5']) {
    test(`is read from ${file} and gives the same probabilities`, async () => {
      const { layers } = await readModel(join(FOLDER, file));
      assert.deepEqual(
        layers.map((layer) => layer.kind + ('residual' in layer ? ' residual' : '')),
        ['embedding', 'lstm', 'lstm residual', 'lstm residual', 'dense'],
      );
      const { ids, probabilities } = JSON.parse(await readFile(join(FOLDER, 'expected.json'), 'utf8')) as {
        readonly ids: readonly number[];
        readonly probabilities: readonly (readonly number[])[];
      };
      const model = modelOf(layers);
      const reference = new Reference(model);
      const engine = await createOnnxEngine(model, { capacity: 1, threads: 1 });
      for (const [step, id] of ids.entries()) {
        for (const logits of [reference.step(id), await engine.logits([0], [id])]) {
          const worst = Math.max(
            ...logSoftmax(logits).map((log, i) => Math.abs(Math.exp(log) - probabilities[step]![i]!)),
          );
          assert.ok(worst < TOLERANCE, `after ${step + 1} characters a probability differs by ${worst}`);
        }
      }
      await engine.close();
    });
  }
});
