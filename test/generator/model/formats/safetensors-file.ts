/** Files of safetensors, written from the format. */
import type { Model } from '../../../../src/generator/model/model.ts';

export type SafetensorsHeader = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

/** A safetensors file of a model; `change` may damage its header. */
export function safetensorsOf(model: Model, change: (header: SafetensorsHeader) => void = () => {}): Buffer {
  const header: SafetensorsHeader = {};
  const parts: Float32Array[] = [];
  let offset = 0;
  const add = (name: string, shape: number[], values: Float32Array) => {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    parts.push(values);
    offset += values.byteLength;
  };
  let lstms = 0;
  for (const layer of model.layers) {
    if (layer.kind === 'embedding') add('embedding', [layer.rows, layer.columns], layer.matrix);
    if (layer.kind === 'lstm') {
      const name = `lstm_${lstms++}`;
      add(`${name}.kernel`, [layer.inputSize, 4 * layer.units], layer.kernel);
      add(`${name}.recurrent_kernel`, [layer.units, 4 * layer.units], layer.recurrentKernel);
      add(`${name}.bias`, [4 * layer.units], layer.bias);
    }
    if (layer.kind === 'dense') {
      add('dense.kernel', [layer.inputSize, layer.units], layer.kernel);
      add('dense.bias', [layer.units], layer.bias);
    }
  }
  change(header);
  const data = Buffer.concat(parts.map((part) => Buffer.from(part.buffer)));
  return joinSafetensors(Buffer.from(JSON.stringify(header)), data);
}

/** A file of a header's text and the tensors' bytes. */
export function joinSafetensors(header: Uint8Array, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}
