/**
 * Whether the integer engine can run a model, and the parts of a model that it runs: LSTM layers with Keras's
 * activations below one linear dense layer. No `node:` imports.
 */
import { StoryError } from '../../../errors.ts';
import { isRowLayer } from '../../model/float64.ts';
import {
  areFinite,
  type DenseLayer,
  type Layer,
  type LstmLayer,
  outputSize,
  weightsOf,
} from '../../model/layers.ts';
import type { Model } from '../../model/model.ts';
import { tabled } from '../tabled-model.ts';

/** Units of a layer are a multiple of this, the widest vector's lanes. */
const UNIT_MULTIPLE = 16;
const MAX_VOCABULARY = 4_096;
/** With more inputs a 32-bit sum of products of 7 and 8 bits could overflow. */
const MAX_UNITS = 4_096;

export interface IntegerPlan {
  readonly vocabularySize: number;
  /** Each id's contribution to the gates of the first layer, with its bias: [vocabulary size, 4 * units]. */
  readonly table: Float32Array;
  readonly layers: readonly PlannedLayer[];
  readonly output: {
    /** Index of the first of the layers whose hidden states are summed; the last one is the top layer. */
    readonly firstInput: number;
    /** [units of the top layer, vocabulary size] */
    readonly kernel: Float32Array;
    readonly bias: Float32Array;
  };
}

export interface PlannedLayer {
  readonly units: number;
  /** As in `IntegerPlan.output`; the layer's own index for the first layer, which reads the table. */
  readonly firstInput: number;
  /** [units of the layer below, 4 * units]; empty for the first layer. */
  readonly inputKernel: Float32Array;
  /** [units, 4 * units] */
  readonly recurrentKernel: Float32Array;
  /** [4 * units]; empty for the first layer. */
  readonly bias: Float32Array;
}

type PlannedModel = Pick<Model, 'name' | 'layers' | 'vocabulary'>;

/**
 * Why the integer engine cannot run a model, as part of a sentence; undefined where it can.
 *
 * @param layers of the model, from the one that reads ids to the one that gives the logits
 */
export function refusalOf(layers: readonly Layer[]): string | undefined {
  const vocabularySize = layers.reduce((size, layer) => outputSize(layer, size), 0);
  if (vocabularySize > MAX_VOCABULARY) {
    return `its vocabulary has ${vocabularySize} entries, more than ${MAX_VOCABULARY}`;
  }
  const { lstms, above, dense } = partsOf(layers);
  if (lstms.length === 0) return 'its first layer with a state is no LSTM';
  if (dense?.activation !== 'linear') return 'its last layer is no dense layer with a softmax';
  const other = above.find(({ kind }) => kind !== 'lstm');
  if (other) return `it has a layer of the kind ${other.kind} between LSTMs or above them`;
  for (const { units, activation, recurrentActivation } of lstms) {
    if (activation !== 'tanh' || recurrentActivation !== 'sigmoid') {
      return `an LSTM has the activations ${activation} and ${recurrentActivation}, not tanh and sigmoid`;
    }
    if (units % UNIT_MULTIPLE !== 0 || units > MAX_UNITS) {
      return `an LSTM has ${units} units, which is no multiple of ${UNIT_MULTIPLE} up to ${MAX_UNITS}`;
    }
  }
  const isSound = layers.every((layer) => weightsOf(layer).every(areFinite));
  return isSound ? undefined : 'a weight is no finite number';
}

/** The model is none that the integer engine runs. */
export class UnplannedModelError extends TypeError {
  /** See `refusalOf`. */
  readonly reason: string;

  constructor(reason: string) {
    super(`Expected a model for the integer engine, but ${reason}.`);
    this.reason = reason;
  }
}

/**
 * @throws UnplannedModelError for a model that the engine cannot run
 * @throws StoryError `model_unavailable` where the table has a value that is no number or infinite: sums with it
 *   would not be the same on every processor
 */
export function planOf(model: PlannedModel): IntegerPlan {
  const refusal = refusalOf(model.layers);
  if (refusal !== undefined) throw new UnplannedModelError(refusal);
  const { lstms, dense } = partsOf(model.layers);
  const table = tabled(model).table.values;
  if (!areFinite(table)) {
    throw new StoryError(
      'model_unavailable',
      `The model ${model.name} cannot be run: its first layers give values beyond all numbers. Choose another model.`,
    );
  }
  const none = new Float32Array(0);
  const firstInputs = firstInputsOf(lstms);
  return {
    vocabularySize: model.vocabulary.size,
    table,
    layers: lstms.map(({ units, kernel, recurrentKernel, bias }, i) => ({
      units,
      firstInput: firstInputs[i]!,
      inputKernel: i === 0 ? none : kernel,
      recurrentKernel,
      bias: i === 0 ? none : bias,
    })),
    output: { firstInput: firstInputs.at(-1)!, kernel: dense!.kernel, bias: dense!.bias },
  };
}

/**
 * For each layer, and last for the output: the first of the layers whose hidden states are summed. A residual
 * layer adds its input to its hidden state, so what is above it reads that input too.
 */
function firstInputsOf(lstms: readonly LstmLayer[]): number[] {
  const first = [0];
  lstms.forEach(({ residual }, i) => {
    first.push(residual ? first[i]! : i);
  });
  return first;
}

/** The layers from the first LSTM up, without the last one, where that is a dense layer. */
function partsOf(layers: readonly Layer[]): {
  lstms: LstmLayer[];
  above: Layer[];
  dense: DenseLayer | undefined;
} {
  const last = layers.at(-1);
  const dense = last?.kind === 'dense' ? last : undefined;
  const first = layers.findIndex((layer, i) => i > 0 && !isRowLayer(layer));
  const above = first < 0 || layers[first]!.kind !== 'lstm' ? [] : layers.slice(first, dense && -1);
  return { lstms: above.filter((layer) => layer.kind === 'lstm'), above, dense };
}
