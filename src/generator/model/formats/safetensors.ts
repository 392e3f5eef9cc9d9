/**
 * Models of other programs: a safetensors file (8 bytes of little-endian header length, a JSON header, the
 * tensors' bytes; see the format's description by Hugging Face) with float32 tensors named `embedding`,
 * `lstm_0.kernel`, `lstm_0.recurrent_kernel`, `lstm_0.bias`, `lstm_1. ...`, `dense.kernel`, `dense.bias`.
 */
import { parseJson } from '../json.ts';
import { areFinite, type Layer } from '../layers.ts';
import { isRecord, unusable } from '../model.ts';
import type { Tensor } from '../weights.ts';
import type { ForeignModel } from './foreign-model.ts';
import { MAX_JSON_BYTES } from './memory.ts';

const HEADER_LENGTH_BYTES = 8;
const FLOAT32_BYTES = 4;

/**
 * @param file the file's name in error messages
 * @param isResidual whether the input of each LSTM but the first is added to its output, which the names of
 *   the tensors cannot say
 * @throws StoryError `model_unavailable` when it is malformed or its tensors' shapes do not match
 */
export function readSafetensors(bytes: Uint8Array, file: string, isResidual = false): ForeignModel {
  const tensors = parseSafetensors(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), file);
  const take = (name: string, shape: readonly number[]) => {
    const tensor = tensors.get(name);
    if (!tensor || tensor.shape.join() !== shape.join()) {
      const found = tensor ? tensor.shape.join(' x ') : 'nothing';
      throw unusable(file, `expected ${name} to be ${shape.join(' x ')}, got ${found}`);
    }
    if (!areFinite(tensor.values)) throw unusable(file, `${name} is not all numbers`);
    return tensor.values;
  };

  const [rows = 0, columns = 0] = tensors.get('embedding')?.shape ?? [];
  const layers: Layer[] = [];
  let inputSize = columns;
  while (tensors.has(`lstm_${layers.length}.kernel`)) {
    const name = `lstm_${layers.length}`;
    const units = tensors.get(`${name}.recurrent_kernel`)?.shape[0] ?? 0;
    const addsInput = isResidual && layers.length > 0;
    if (addsInput && inputSize !== units) {
      throw unusable(file, `${name} has ${inputSize} inputs and ${units} outputs, so it is not residual`);
    }
    layers.push({
      kind: 'lstm',
      units,
      inputSize,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      kernel: take(`${name}.kernel`, [inputSize, 4 * units]),
      recurrentKernel: take(`${name}.recurrent_kernel`, [units, 4 * units]),
      bias: take(`${name}.bias`, [4 * units]),
      ...(addsInput ? { residual: true as const } : {}),
    });
    inputSize = units;
  }
  if (layers.length === 0) throw unusable(file, 'it has no lstm_0.kernel');
  const expected = 3 + 3 * layers.length;
  if (tensors.size !== expected) {
    throw unusable(file, `it has ${tensors.size} tensors, ${layers.length} LSTM layers come to ${expected}`);
  }
  const matrix = take('embedding', [rows, columns]);
  const kernel = take('dense.kernel', [inputSize, rows]);
  const bias = take('dense.bias', [rows]);
  return {
    file,
    source: 'safetensors',
    layers: [
      { kind: 'embedding', rows, columns, matrix },
      ...layers,
      { kind: 'dense', units: rows, inputSize, activation: 'linear', kernel, bias },
    ],
    configs: null,
    reading: { kind: 'stateful' },
    masksZero: false,
  };
}

function parseSafetensors(bytes: Buffer, shown: string): Map<string, Tensor> {
  const headerLength = bytes.length < HEADER_LENGTH_BYTES ? Infinity : Number(bytes.readBigUInt64LE());
  const dataStart = HEADER_LENGTH_BYTES + headerLength;
  if (dataStart > bytes.length) throw unusable(shown, 'it ends within its header');
  if (headerLength > MAX_JSON_BYTES) {
    throw unusable(shown, `its header claims to have ${headerLength} bytes; it may have ${MAX_JSON_BYTES}`);
  }
  const header = parseHeader(bytes.toString('utf8', HEADER_LENGTH_BYTES, dataStart), shown);
  const data = bytes.subarray(dataStart);
  const tensors = new Map<string, Tensor>();
  let total = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isRecord(entry) || entry.dtype !== 'F32') throw unusable(shown, `${name} is not float32`);
    const { shape, data_offsets: offsets } = entry;
    if (!isIntegers(shape) || !isIntegers(offsets) || offsets.length !== 2) {
      throw unusable(shown, `${name} has no shape or no offsets`);
    }
    const [start, end] = offsets as [number, number];
    const byteLength = shape.reduce((product, size) => product * size, FLOAT32_BYTES);
    if (end - start !== byteLength || end > data.length) {
      throw unusable(shown, `${name} needs ${byteLength} bytes at ${start}, the file does not hold them`);
    }
    total += byteLength;
    // Without this check a small file could demand any number of copies of its data.
    if (total > data.length) throw unusable(shown, 'its tensors overlap');
    // A copy, because the tensors' alignment depends on the header's length.
    const values = new Float32Array(new Uint8Array(data.subarray(start, end)).buffer);
    tensors.set(name, { name, shape, values });
  }
  return tensors;
}

function parseHeader(text: string, shown: string): Record<string, unknown> {
  const header = parseJson(text);
  if (header === undefined) throw unusable(shown, 'its header is not JSON');
  if (isRecord(header)) return header;
  throw unusable(shown, 'its header is not an object');
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
