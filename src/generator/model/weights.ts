/**
 * Named tensors as the bytes and the `weightsManifest` of TensorFlow.js (format "layers-model"), float32 or
 * float16; or, which TensorFlow.js cannot read, the kernels of recurrent layers as 8-bit integers with a scale
 * for each output (int8.ts), because its own integers have one scale for a whole matrix. Little-endian, like
 * that format and every platform of Node. No `node:` imports.
 */
import { float16ToFloat32, float32ToFloat16 } from './float16.ts';
import { float32ToInt8, int8ByteLength, int8ToFloat32 } from './int8.ts';
import { isRecord, shorten, unusable } from './model.ts';

/** `int8`: kernels of recurrent layers as integers, all others as float16. */
export type WeightsDtype = 'float32' | 'float16' | 'int8';
export const WEIGHTS_DTYPES: readonly WeightsDtype[] = ['float32', 'float16', 'int8'];

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One entry of the manifest; `dtype` is float32 for tensors stored as something shorter, too. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32';
  readonly quantization?: Quantization;
}

type Quantization =
  | { readonly dtype: 'float16'; readonly original_dtype: 'float32' }
  | { readonly dtype: 'int8'; readonly scales: 'columns'; readonly original_dtype: 'float32' };

export interface WeightsManifest {
  /** File names in the order in which their bytes follow each other. */
  readonly shards: readonly string[];
  readonly specs: readonly WeightSpec[];
  /** Bytes of all shards together. */
  readonly byteLength: number;
}

const FLOAT16: Quantization = { dtype: 'float16', original_dtype: 'float32' };
const INT8: Quantization = { dtype: 'int8', scales: 'columns', original_dtype: 'float32' };
/** Weights that integers are exact enough for, and that are nearly all of a model. */
const RECURRENT_KERNEL = /^(lstm|gru|bidirectional)_\d+\/(.*\/)?(recurrent_)?kernel$/;
const SHARD_NAME = /^[\w][\w.-]*$/;

/** Concatenates tensors: their bytes, in parts, those of float32 without a copy. */
export function packWeights(
  tensors: readonly Tensor[],
  dtype: WeightsDtype,
): { parts: Uint8Array[]; specs: WeightSpec[] } {
  const specs = tensors.map(({ name, shape }): WeightSpec => {
    const spec = { name, shape, dtype: 'float32' } as const;
    if (dtype === 'float32') return spec;
    const isInteger = dtype === 'int8' && RECURRENT_KERNEL.test(name);
    return { ...spec, quantization: isInteger ? INT8 : FLOAT16 };
  });
  const parts = tensors.map(({ values, shape }, i) => {
    const stored = specs[i]!.quantization?.dtype;
    if (stored === 'int8') return float32ToInt8(values, shape[1]!);
    const numbers = stored === 'float16' ? float32ToFloat16(values) : values;
    return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  });
  return { parts, specs };
}

/** The inverse of `packWeights`, by name. */
export function unpackWeights(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let offset = 0;
  for (const spec of specs) {
    const byteLength = byteLengthOf(spec);
    // A copy: typed arrays need aligned offsets, which float16 tensors of odd lengths do not give.
    const { buffer } = bytes.slice(offset, offset + byteLength);
    const values = valuesOf(buffer, spec);
    tensors.set(spec.name, { name: spec.name, shape: spec.shape, values });
    offset += byteLength;
  }
  return tensors;
}

function valuesOf(buffer: ArrayBuffer, { quantization, shape }: WeightSpec): Float32Array {
  switch (quantization?.dtype) {
    case 'int8':
      return int8ToFloat32(buffer, shape[1]!);
    case 'float16':
      return float16ToFloat32(new Uint16Array(buffer));
    case undefined:
      return new Float32Array(buffer);
  }
}

/**
 * Checks the `weightsManifest` of a `model.json`.
 *
 * @param file the file's name in error messages
 */
export function readWeightsManifest(manifest: unknown, file: string): WeightsManifest {
  if (!Array.isArray(manifest) || manifest.length === 0) throw unusable(file, 'it has no weightsManifest');
  const shards: string[] = [];
  const specs: WeightSpec[] = [];
  for (const group of manifest) {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw unusable(file, 'each group of its weightsManifest needs `paths` and `weights`');
    }
    shards.push(...group.paths.map((path) => readShardName(path, file)));
    specs.push(...group.weights.map((spec) => readSpec(spec, file)));
  }
  if (new Set(specs.map((spec) => spec.name)).size !== specs.length) {
    throw unusable(file, 'two of its weights have the same name');
  }
  return { shards, specs, byteLength: specs.reduce((sum, spec) => sum + byteLengthOf(spec), 0) };
}

function byteLengthOf({ shape, quantization }: WeightSpec): number {
  if (quantization?.dtype === 'int8') return int8ByteLength(shape[0]!, shape[1]!);
  return shape.reduce((product, size) => product * size, 1) * (quantization ? 2 : 4);
}

/**
 * A shard is in the folder of its `model.json`: a manifest cannot name other files. A file that a browser
 * downloads (`downloads://` of TensorFlow.js) is named `./model.weights.bin` there.
 */
function readShardName(path: unknown, file: string): string {
  const name = typeof path === 'string' ? path.replace(/^\.\//, '') : '';
  if (SHARD_NAME.test(name)) return name;
  throw unusable(file, `${shorten(path)} is not the name of a file beside it`);
}

function readSpec(spec: unknown, file: string): WeightSpec {
  if (!isRecord(spec) || typeof spec.name !== 'string')
    throw unusable(file, 'one of its weights has no name');
  const { name, shape, dtype, quantization } = spec;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw unusable(file, `the shape of its weight ${name} is ${shorten(shape)}`);
  }
  if (dtype !== 'float32') throw unusable(file, `its weight ${name} is ${shorten(dtype)}, not float32`);
  if (quantization === undefined) return { name, shape, dtype };
  if (!isRecord(quantization)) throw unusable(file, `the quantization of its weight ${name} is none`);
  if (quantization.dtype === 'float16') return { name, shape, dtype, quantization: FLOAT16 };
  if (quantization.dtype === 'int8' && quantization.scales === 'columns' && shape.length === 2) {
    return { name, shape, dtype, quantization: INT8 };
  }
  throw unusable(file, `its weight ${name} is quantized to something other than float16 and int8 per column`);
}
