/**
 * Named tensors as the bytes and the `weightsManifest` of TensorFlow.js (format "layers-model"), float32 or
 * float16. Little-endian, like that format and every platform of Node. No `node:` imports.
 */
import { float16ToFloat32, float32ToFloat16 } from './float16.ts';
import { isRecord, unusable } from './model.ts';

export type WeightsDtype = 'float32' | 'float16';

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One entry of the manifest; `dtype` is float32 for tensors stored as float16, too. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32';
  readonly quantization?: { readonly dtype: 'float16'; readonly original_dtype: 'float32' };
}

export interface WeightsManifest {
  /** File names in the order in which their bytes follow each other. */
  readonly shards: readonly string[];
  readonly specs: readonly WeightSpec[];
  /** Bytes of all shards together. */
  readonly byteLength: number;
}

const SHARD_NAME = /^[\w][\w.-]*$/;

/** Concatenates tensors: their bytes, in parts, those of float32 without a copy. */
export function packWeights(
  tensors: readonly Tensor[],
  dtype: WeightsDtype,
): { parts: Uint8Array[]; specs: WeightSpec[] } {
  const specs = tensors.map(({ name, shape }): WeightSpec => {
    const spec = { name, shape, dtype: 'float32' } as const;
    return dtype === 'float32'
      ? spec
      : { ...spec, quantization: { dtype: 'float16', original_dtype: 'float32' } };
  });
  const parts = tensors.map(({ values }) => {
    const stored = dtype === 'float32' ? values : float32ToFloat16(values);
    return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
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
    const values = spec.quantization ? float16ToFloat32(new Uint16Array(buffer)) : new Float32Array(buffer);
    tensors.set(spec.name, { name: spec.name, shape: spec.shape, values });
    offset += byteLength;
  }
  return tensors;
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

function byteLengthOf(spec: WeightSpec): number {
  return spec.shape.reduce((product, size) => product * size, 1) * (spec.quantization ? 2 : 4);
}

/**
 * A shard is in the folder of its `model.json`: a manifest cannot name other files. A file that a browser
 * downloads (`downloads://` of TensorFlow.js) is named `./model.weights.bin` there.
 */
function readShardName(path: unknown, file: string): string {
  const name = typeof path === 'string' ? path.replace(/^\.\//, '') : '';
  if (SHARD_NAME.test(name)) return name;
  throw unusable(file, `${JSON.stringify(path)} is not the name of a file beside it`);
}

function readSpec(spec: unknown, file: string): WeightSpec {
  if (!isRecord(spec) || typeof spec.name !== 'string')
    throw unusable(file, 'one of its weights has no name');
  const { name, shape, dtype, quantization } = spec;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw unusable(file, `the shape of its weight ${name} is ${JSON.stringify(shape)}`);
  }
  if (dtype !== 'float32')
    throw unusable(file, `its weight ${name} is ${JSON.stringify(dtype)}, not float32`);
  if (quantization === undefined) return { name, shape, dtype };
  if (!isRecord(quantization) || quantization.dtype !== 'float16') {
    throw unusable(file, `its weight ${name} is quantized to something other than float16`);
  }
  return { name, shape, dtype, quantization: { dtype: 'float16', original_dtype: 'float32' } };
}
