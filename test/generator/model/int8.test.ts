import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadModel, saveModel } from '../../../src/generator/model/files.ts';
import { float32ToInt8, int8ByteLength, int8ToFloat32 } from '../../../src/generator/model/int8.ts';
import { KINDS } from '../engines/kinds.ts';
import { randomModel } from './random-model.ts';

describe('int8', () => {
  test('keeps each value within half a step of its own column, and zeros', () => {
    const value = fc.float({
      noNaN: true,
      noDefaultInfinity: true,
      min: Math.fround(-1e6),
      max: Math.fround(1e6),
    });
    const column = fc.tuple(
      fc.constantFrom(1e-30, 1e-6, 1, 1e3),
      fc.array(value, { minLength: 3, maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(column, { minLength: 1, maxLength: 5 }), (columns) => {
        const rows = [0, 1, 2];
        const values = Float32Array.from(
          rows.flatMap((row) => columns.map(([scale, numbers]) => scale * numbers[row]!)),
        );
        const bytes = float32ToInt8(values, columns.length);
        assert.equal(bytes.length, int8ByteLength(3, columns.length));
        const back = int8ToFloat32(bytes.buffer, columns.length);
        columns.forEach((_, c) => {
          const most = Math.max(...rows.map((row) => Math.abs(values[row * columns.length + c]!)));
          for (const row of rows) {
            const at = row * columns.length + c;
            const error = Math.abs(back[at]! - values[at]!);
            // Below float32's normal numbers a scale has few digits.
            if (most > 1e-30) assert.ok(error <= (most / 127) * 0.5001, `${back[at]} for ${values[at]}`);
            if (values[at] === 0) assert.equal(back[at], 0);
          }
        });
      }),
    );
  });

  test('is exact for what it has read', () => {
    const bytes = float32ToInt8(Float32Array.of(0.3, -7, 0.1, 2), 2);
    const values = int8ToFloat32(bytes.buffer, 2);
    const again = float32ToInt8(values, 2);
    assert.deepEqual(again.subarray(0, 4), bytes.subarray(0, 4));
    assert.deepEqual([...new Int8Array(bytes.buffer, 0, 4)], [127, -127, 42, 36]);
  });
});

describe('a model with int8 weights', () => {
  for (const [title, model] of [
    ['a residual stack', randomModel({ units: [9, 9, 9], residual: true })],
    ['GRUs in both directions', KINDS['GRUs in both directions, and one that reads forwards']!],
  ] as const) {
    test(`${title}: kernels of recurrent layers are integers, all other weights float16`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'int8-'));
      try {
        const sizes: number[] = [];
        for (const dtype of ['float16', 'int8'] as const) {
          await saveModel(join(folder, dtype), model, { dtype });
          sizes.push((await stat(join(folder, dtype, 'weights.bin'))).size);
        }
        assert.ok(sizes[1]! < sizes[0]!, `${sizes}`);
        const [half, eighth] = [
          await loadModel(join(folder, 'float16')),
          await loadModel(join(folder, 'int8')),
        ];
        assert.notEqual(half.version, eighth.version);
        for (const [i, layer] of half.layers.entries()) {
          const other = eighth.layers[i]!;
          const isRecurrent = layer.kind === 'lstm' || layer.kind === 'gru' || layer.kind === 'bidirectional';
          if (!isRecurrent) assert.deepEqual(other, layer);
          if (layer.kind === 'lstm' && other.kind === 'lstm') {
            assert.deepEqual(other.bias, layer.bias);
            assert.notDeepEqual(other.kernel, layer.kernel);
            // Random weights lie within 0.8.
            const worst = Math.max(...layer.kernel.map((value, j) => Math.abs(value - other.kernel[j]!)));
            assert.ok(worst < 0.8 / 127, `${worst}`);
          }
        }
        // Saved as float32, it is the same model to the bit.
        await saveModel(join(folder, 'again'), eighth, { dtype: 'float32' });
        assert.deepEqual((await loadModel(join(folder, 'again'))).layers, eighth.layers);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
