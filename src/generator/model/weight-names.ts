/** Weights by the names that Keras 2 and TensorFlow.js give them. */
import type { WeightSlot } from './build-layers.ts';
import type { Tensor } from './weights.ts';

/**
 * Finds a layer's weight: names begin with the layer's and end with the weight's, and Keras puts a cell's or
 * a half's between them: `lstm_1/lstm_cell/kernel`, `bidirectional_1/forward_lstm_1/kernel`.
 *
 * @param tensors all weights of the model, those of a layer in Keras's order
 */
export function namedWeight(tensors: readonly Tensor[], slot: WeightSlot): Tensor | undefined {
  return weightAmong(
    tensors.filter(({ name }) => name.startsWith(`${slot.layer}/`)),
    slot,
  );
}

/** Finds a weight among those of its layer. For a Bidirectional, its index determines the half. */
export function weightAmong(tensors: readonly Tensor[], { path, weight }: WeightSlot): Tensor | undefined {
  const half = tensors.length / 2;
  const range = path.includes('forward_layer') ? [0, half] : path.includes('backward_layer') ? [half] : [];
  return tensors.slice(...range).find(({ name }) => plainName(name) === weight);
}

/** `a/b/kernel_1:0` is the kernel: TensorFlow numbers repeated names and a variable's outputs. */
function plainName(name: string): string {
  return name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/:\d+$/, '')
    .replace(/_\d+$/, '');
}
