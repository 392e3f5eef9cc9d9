/** Builds layers from their plans and weights. */
import type { LayerPlan, RecurrentPlan } from './layer-plans.ts';
import { areFinite, type Layer, outputSize, type RecurrentLayer } from './layers.ts';
import { unusable } from './model.ts';
import type { Tensor } from './weights.ts';

/** Identifies a weight of a layer. */
export interface WeightSlot {
  /** The layer's name. */
  readonly layer: string;
  /**
   * The path from the layer to the object that holds the weight, in Keras 3's names: `cell`, `forward_layer`,
   * ...
   */
  readonly path: readonly string[];
  /** Its name in Keras: `kernel`, `recurrent_kernel`, ... */
  readonly weight: string;
  /** Its index among the weights there. */
  readonly index: number;
}

/** Finds a weight in a file; undefined where the file has none of this name. */
export type WeightSource = (slot: WeightSlot) => Tensor | undefined;

/**
 * @param file the file's name in error messages
 * @throws StoryError `model_unavailable` that names a weight that is missing, has a wrong shape or is not
 *   numeric
 */
export function buildLayers(plans: readonly LayerPlan[], source: WeightSource, file: string): Layer[] {
  const builder = new Builder(source, file);
  let size = 0;
  return plans.map((plan) => {
    const layer = builder.build(plan, size);
    size = outputSize(layer, size);
    return layer;
  });
}

class Builder {
  readonly #source: WeightSource;
  readonly #file: string;
  readonly #taken = new Set<Float32Array>();

  constructor(source: WeightSource, file: string) {
    this.#source = source;
    this.#file = file;
  }

  build(plan: LayerPlan, inputSize: number): Layer {
    switch (plan.kind) {
      case 'embedding': {
        const { name, rows, columns } = plan;
        const matrix = this.#take({ layer: name, path: [], weight: 'embeddings', index: 0 }, [rows, columns]);
        return { kind: 'embedding', rows, columns, matrix };
      }
      case 'one_hot':
        return plan;
      case 'lstm':
      case 'gru':
        return this.#recurrent(plan, inputSize, ['cell']);
      case 'bidirectional': {
        const forward = this.#recurrent(plan.forward, inputSize, ['forward_layer', 'cell']);
        const backward = this.#recurrent(plan.backward, inputSize, ['backward_layer', 'cell']);
        return { kind: 'bidirectional', forward, backward, merge: plan.merge };
      }
      case 'batch_normalization': {
        const { name, epsilon, hasGamma, hasBeta } = plan;
        const names = [
          ...(hasGamma ? ['gamma'] : []),
          ...(hasBeta ? ['beta'] : []),
          'moving_mean',
          'moving_variance',
        ];
        const path = plan.isWrapped ? ['layer'] : [];
        const take = (weight: string) =>
          this.#take({ layer: name, path, weight, index: names.indexOf(weight) }, [inputSize]);
        const mean = take('moving_mean');
        return {
          kind: 'batch_normalization',
          size: inputSize,
          epsilon,
          gamma: hasGamma ? take('gamma') : new Float32Array(inputSize).fill(1),
          beta: hasBeta ? take('beta') : new Float32Array(inputSize),
          mean,
          variance: take('moving_variance'),
        };
      }
      case 'dense': {
        const { name, units, activation } = plan;
        const slot = { layer: name, path: plan.isWrapped ? ['layer'] : [] };
        const kernel = this.#take({ ...slot, weight: 'kernel', index: 0 }, [inputSize, units]);
        const bias = plan.hasBias
          ? this.#take({ ...slot, weight: 'bias', index: 1 }, [units])
          : new Float32Array(units);
        return { kind: 'dense', units, inputSize, activation, kernel, bias };
      }
      case 'activation':
        return { kind: 'activation', activation: plan.activation };
    }
  }

  #recurrent(plan: RecurrentPlan, inputSize: number, path: readonly string[]): RecurrentLayer {
    const { units, activation, recurrentActivation, resetAfter, isCudnn, isResidual } = plan;
    if (isResidual && inputSize !== units) {
      throw unusable(this.#file, `its layer ${plan.name} adds ${inputSize} inputs to ${units} outputs`);
    }
    const gates = plan.kind === 'lstm' ? 4 : 3;
    const biases = resetAfter ? 2 : 1;
    const take = (weight: string, index: number, shape: readonly number[]) =>
      this.#take({ layer: plan.name, path, weight, index }, shape);
    let kernel = take('kernel', 0, [inputSize, gates * units]);
    let recurrentKernel = take('recurrent_kernel', 1, [units, gates * units]);
    let bias: Float32Array;
    if (isCudnn) {
      kernel = transposeGates(kernel, inputSize, units, gates);
      recurrentKernel = transposeGates(recurrentKernel, units, units, gates);
      // A bias for the input's product and one for the state's, which an LSTM adds.
      const both = take('bias', 2, [2 * gates * units]);
      bias =
        plan.kind === 'gru'
          ? both
          : both.subarray(0, both.length / 2).map((x, i) => x + both[both.length / 2 + i]!);
    } else {
      bias = plan.hasBias
        ? take('bias', 2, resetAfter ? [biases, gates * units] : [gates * units])
        : new Float32Array(biases * gates * units);
    }
    const common = {
      ...{ units, inputSize, activation, recurrentActivation, kernel, recurrentKernel, bias },
      ...(isResidual ? { residual: true as const } : {}),
    };
    return plan.kind === 'lstm' ? { kind: 'lstm', ...common } : { kind: 'gru', resetAfter, ...common };
  }

  #take(slot: WeightSlot, shape: readonly number[]): Float32Array {
    const tensor = this.#source(slot);
    if (!tensor) {
      const half = slot.path.find((step) => step.endsWith('_layer'));
      throw unusable(
        this.#file,
        `it has no weight ${[slot.layer, half, slot.weight].filter(Boolean).join('/')}`,
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw unusable(
        this.#file,
        `its weight ${tensor.name} is ${tensor.shape.join(' x ') || 'one number'}, expected ${shape.join(' x ')}`,
      );
    }
    if (!areFinite(tensor.values)) {
      throw unusable(this.#file, `its weight ${tensor.name} is not all numbers`);
    }
    // Without this check a small file could demand any number of copies of its data.
    if (this.#taken.has(tensor.values)) {
      throw unusable(this.#file, `its weight ${tensor.name} belongs to two layers`);
    }
    this.#taken.add(tensor.values);
    return tensor.values;
  }
}

/**
 * Converts NVIDIA's layout to Keras's, [rows, gates * units]: in NVIDIA's, each gate's part of the matrix
 * holds, row by row, the transposed matrix [units, rows] (Keras's `_convert_rnn_weights`).
 */
function transposeGates(matrix: Float32Array, rows: number, units: number, gates: number): Float32Array {
  const columns = gates * units;
  const turned = new Float32Array(matrix.length);
  for (let gate = 0; gate < gates; gate++) {
    for (let index = 0; index < rows * units; index++) {
      const from = Math.floor(index / units) * columns + gate * units + (index % units);
      const to = (index % rows) * columns + gate * units + Math.floor(index / rows);
      turned[to] = matrix[from]!;
    }
  }
  return turned;
}
