import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoryError } from '../../../../src/errors.ts';
import { readSafetensors } from '../../../../src/generator/model/formats/safetensors.ts';
import { randomModel } from '../random-model.ts';
import { safetensorsOf } from './safetensors-file.ts';

const read = (content: Buffer) => readSafetensors(content, 'weights.safetensors');

describe('safetensors', () => {
  test('give the written layers', () => {
    const written = safetensorsOf(randomModel(), (header) => {
      Object.assign(header, { __metadata__: { format: 'pt' } });
    });
    assert.deepEqual(read(written).layers, randomModel().layers);
  });

  test('give a residual stack where the caller says so, if its sizes allow it', () => {
    const [embedding, first, ...above] = randomModel({ units: [6, 6, 6] }).layers;
    const stack = above.map((layer) =>
      layer.kind === 'lstm' ? { ...layer, residual: true as const } : layer,
    );
    const expected = [embedding, first, ...stack];
    const bytes = safetensorsOf(randomModel({ units: [6, 6, 6] }));
    assert.deepEqual(readSafetensors(bytes, 'x', true).layers, expected);
    assert.throws(
      () => readSafetensors(safetensorsOf(randomModel()), 'x', true),
      /lstm_1 has 8 inputs and 6 outputs, so it is not residual/,
    );
  });

  const good = safetensorsOf(randomModel());
  const faults: [string, Buffer, RegExp][] = [
    ['an empty file', Buffer.alloc(0), /ends within its header/],
    ['an absurd header length', Buffer.alloc(16, 0xff), /ends within its header/],
    ['a file cut short', good.subarray(0, good.length - 1), /dense\.bias needs 48 bytes/],
    [
      'a header that is no JSON',
      Buffer.concat([good.subarray(0, 8), Buffer.from('x'), good.subarray(9)]),
      /not JSON/,
    ],
    [
      'another type',
      safetensorsOf(randomModel(), (h) => (h.embedding!.dtype = 'BF16')),
      /embedding is not float32/,
    ],
    [
      'another shape',
      safetensorsOf(randomModel(), (h) => (h['dense.kernel']!.shape = [12, 6])),
      /expected dense\.kernel to be 6 x 12, got 12 x 6/,
    ],
    [
      'a missing tensor',
      safetensorsOf(randomModel(), (h) => Reflect.deleteProperty(h, 'lstm_1.bias')),
      /expected lstm_1\.bias to be 24, got nothing/,
    ],
    [
      'a tensor too many',
      safetensorsOf(randomModel(), (h) =>
        Object.assign(h, { extra: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } }),
      ),
      /10 tensors, 2 LSTM layers come to 9/,
    ],
    [
      'tensors that share their bytes',
      safetensorsOf(randomModel(), (h) => {
        for (let i = 0; i < 9; i++) h[`copy_${i}`] = h.embedding!;
      }),
      /its tensors overlap/,
    ],
    ['no layers', safetensorsOf(randomModel({ units: [] })), /no lstm_0\.kernel/],
  ];
  for (const [what, content, message] of faults) {
    test(`are refused for ${what}`, () => {
      assert.throws(
        () => read(content),
        (error) => {
          assert.ok(error instanceof StoryError && error.code === 'model_unavailable');
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
