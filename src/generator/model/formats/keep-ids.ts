/** Removes ids from layers: a vocabulary may have gaps, and an id without a character must never be drawn. */
import type { Layer, RecurrentLayer } from '../layers.ts';

/**
 * The same layers for the ids of `kept` only, renumbered in that order: the rows of the other ids are removed
 * from the layer that reads ids, and their columns from the layer that computes logits.
 *
 * @param layers from the one that reads ids to the one that computes logits
 * @returns null for layers without an input or output matrix to remove them from
 */
export function keepIds(layers: readonly Layer[], kept: readonly number[]): Layer[] | null {
  const last = layers.at(-1)!;
  if (last.kind !== 'dense' || last.activation !== 'linear') return null;
  const { inputSize, units } = last;
  const kernel = new Float32Array(inputSize * kept.length);
  for (let row = 0; row < inputSize; row++) {
    kept.forEach((id, column) => {
      kernel[row * kept.length + column] = last.kernel[row * units + id]!;
    });
  }
  const bias = Float32Array.from(kept, (id) => last.bias[id]!);
  const before = withInputs(layers.slice(0, -1), kept);
  return (
    before && [
      ...before,
      { kind: 'dense', units: kept.length, inputSize, activation: 'linear', kernel, bias },
    ]
  );
}

function withInputs([first, second, ...rest]: readonly Layer[], kept: readonly number[]): Layer[] | null {
  if (first?.kind === 'embedding') {
    const matrix = rowsOf(first.matrix, first.columns, kept);
    const embedding: Layer = { ...first, rows: kept.length, matrix };
    return [embedding, ...(second ? [second] : []), ...rest];
  }
  const read: Layer = { kind: 'one_hot', size: kept.length };
  switch (second?.kind) {
    case 'lstm':
    case 'gru':
      return [read, withRows(second, kept), ...rest];
    case 'bidirectional': {
      const [forward, backward] = [withRows(second.forward, kept), withRows(second.backward, kept)];
      return [read, { ...second, forward, backward }, ...rest];
    }
    case 'dense': {
      const kernel = rowsOf(second.kernel, second.units, kept);
      return [read, { ...second, inputSize: kept.length, kernel }, ...rest];
    }
    default:
      return null;
  }
}

function withRows<Recurrent extends RecurrentLayer>(layer: Recurrent, kept: readonly number[]): Recurrent {
  const columns = layer.kernel.length / layer.inputSize;
  return { ...layer, inputSize: kept.length, kernel: rowsOf(layer.kernel, columns, kept) };
}

function rowsOf(matrix: Float32Array, columns: number, kept: readonly number[]): Float32Array {
  const rows = new Float32Array(kept.length * columns);
  kept.forEach((id, row) => {
    rows.set(matrix.subarray(id * columns, (id + 1) * columns), row * columns);
  });
  return rows;
}
