/**
 * Whether the integer engine can run a model, and the parts of a model that it runs: LSTM layers with Keras's
 * activations below one linear dense layer. No `node:` imports: a browser uses it too.
 */
import { isRowLayer } from '../../model/float64.ts';
import { type DenseLayer, type Layer, type LstmLayer, weightsOf } from '../../model/layers.ts';
import type { Model } from '../../model/model.ts';
import { tabled } from '../tabled-model.ts';

/** Units of a layer are a multiple of this, the widest vector's lanes. */
export const UNIT_MULTIPLE = 16;
export const MAX_VOCABULARY = 4_096;
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

type PlannedModel = Pick<Model, 'layers' | 'vocabulary'>;

/** Why the integer engine cannot run a model, as part of a sentence; undefined where it can. */
export function refusalOf({ layers, vocabulary }: PlannedModel): string | undefined {
  if (vocabulary.size > MAX_VOCABULARY) {
    return `its vocabulary has ${vocabulary.size} entries, more than ${MAX_VOCABULARY}`;
  }
  const { lstms, dense } = partsOf(layers);
  if (lstms.length === 0) return 'it has no LSTM layer';
  if (dense?.activation !== 'linear') return 'its last layer is no dense layer with a softmax';
  const other = layers.find(
    (layer, i) => i > layers.indexOf(lstms[0]!) && layer !== dense && layer.kind !== 'lstm',
  );
  if (other) return `it has a layer of the kind ${other.kind}`;
  for (const { units, activation, recurrentActivation } of lstms) {
    if (activation !== 'tanh' || recurrentActivation !== 'sigmoid') {
      return `an LSTM has the activations ${activation} and ${recurrentActivation}, not tanh and sigmoid`;
    }
    if (units % UNIT_MULTIPLE !== 0 || units > MAX_UNITS) {
      return `an LSTM has ${units} units, which is no multiple of ${UNIT_MULTIPLE} up to ${MAX_UNITS}`;
    }
  }
  const areFinite = layers.every((layer) =>
    weightsOf(layer).every((weights) => weights.every(Number.isFinite)),
  );
  return areFinite ? undefined : 'a weight is no finite number';
}

/** @throws TypeError for a model that the engine cannot run; see `refusalOf` */
export function planOf(model: PlannedModel): IntegerPlan {
  const refusal = refusalOf(model);
  if (refusal !== undefined) throw new TypeError(`Expected a model for the integer engine, but ${refusal}.`);
  const { lstms, dense } = partsOf(model.layers);
  const none = new Float32Array(0);
  const firstInputs = firstInputsOf(lstms);
  return {
    vocabularySize: model.vocabulary.size,
    table: tabled(model).table.values,
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

/** The LSTMs, the first of which may be above layers without state, and the last layer. */
function partsOf(layers: readonly Layer[]): { lstms: LstmLayer[]; dense: DenseLayer | undefined } {
  const below = layers.slice(1).findIndex((layer) => !isRowLayer(layer)) + 1;
  const lstms = below < 1 ? [] : layers.slice(below).filter((layer) => layer.kind === 'lstm');
  const last = layers.at(-1);
  return { lstms, dense: last?.kind === 'dense' ? last : undefined };
}
