/**
 * The layers of a model as Keras and TensorFlow.js describe them: a Sequential, or a Functional model that is
 * one chain (see chain.ts). The result is a character model: ids in, logits of the next id out.
 */
import { type Chain, chainOf } from './chain.ts';
import { type LayerConfig, type LayerPlan, LayerReader, readLayerConfig } from './layer-plans.ts';
import { isRecord, unusable } from './model.ts';

/** The validated content of a topology. */
export interface Topology {
  /** From the one that reads ids to the one that computes logits; without layers that have no effect. */
  readonly plans: readonly LayerPlan[];
  /** All layers as in the file. */
  readonly configs: readonly LayerConfig[];
  /** Characters in a window; null where the file does not fix their number. */
  readonly window: number | null;
  /** Whether the file says that states are carried from one call to the next. */
  readonly isStateful: boolean;
}

export interface TopologyContext {
  /** The file's name in error messages. */
  readonly file: string;
  /** The version of Keras that wrote it, where another file states it. */
  readonly kerasVersion?: string;
}

const DEFAULT_KERAS_MAJOR = 2;
const FUNCTIONAL_CLASSES: readonly unknown[] = ['Functional', 'Model'];
/** Activations that turn logits into probabilities, which can be omitted. */
const FINAL_ACTIVATIONS: readonly string[] = ['softmax', 'log_softmax'];

/**
 * @param topology a `modelTopology` of TensorFlow.js, a `model_config` of Keras 2 or a `config.json` of Keras
 *   3
 * @throws StoryError `model_unavailable` that names the layer that cannot be run, and why
 */
export function readTopology(topology: unknown, { file, kerasVersion }: TopologyContext): Topology {
  // Keras wraps the topology in another object when it converts a model.
  const wrapped = isRecord(topology) && isRecord(topology.model_config);
  const model = wrapped ? topology.model_config : topology;
  const version = kerasVersion ?? (isRecord(topology) ? topology.keras_version : undefined);
  const { layers, residual, sums } = layersOf(model, file);
  const configs = layers.map((layer) => readLayerConfig(layer, file));
  const reader = new LayerReader(file, Number.parseInt(String(version), 10) || DEFAULT_KERAS_MAJOR);
  const read = configs
    .filter(({ name }) => !sums.has(name))
    .map((config) => reader.read(config))
    .filter((plan) => plan !== null)
    .map((plan) =>
      (plan.kind === 'lstm' || plan.kind === 'gru') && residual.has(plan.name)
        ? { ...plan, isResidual: true }
        : plan,
    );
  const { window, features } = inputOf(configs);
  const plans: LayerPlan[] = read[0]?.kind === 'embedding' ? read : oneHot(features, read, file);
  checkOrder(plans, file);
  return {
    plans: withoutSoftmax(plans, file),
    configs,
    window,
    isStateful: plans.some((plan) => 'isStateful' in plan && plan.isStateful),
  };
}

function layersOf(model: unknown, file: string): Chain {
  if (!isRecord(model)) throw unusable(file, 'it describes no model');
  const { class_name: className } = model;
  // In Keras before 2.2.3 the configuration is the list itself.
  const layers = isRecord(model.config) ? model.config.layers : model.config;
  const isFunctional = FUNCTIONAL_CLASSES.includes(className);
  if (className !== 'Sequential' && !isFunctional) {
    throw unusable(file, `its model is a ${String(className)}, not a Sequential`);
  }
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isRecord)) {
    throw unusable(file, 'its model has no layers');
  }
  return isFunctional ? chainOf(layers, file) : { layers, residual: new Set(), sums: new Set() };
}

/** The input's shape, [batch, characters, numbers of each], from the first layer. */
function inputOf(configs: readonly LayerConfig[]): { window: number | null; features: number | null } {
  let window: number | null = null;
  let features: number | null = null;
  for (const { settings } of configs.slice(0, 2)) {
    const shape = settings.batch_input_shape ?? settings.batch_shape;
    if (Array.isArray(shape)) {
      window ??= sizeOf(shape[1]);
      features ??= sizeOf(shape[2]);
    }
    window ??= sizeOf(settings.input_length);
  }
  return { window, features };
}

function sizeOf(value: unknown): number | null {
  const size: unknown = Array.isArray(value) ? value[0] : value;
  return typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : null;
}

function oneHot(size: number | null, plans: readonly LayerPlan[], file: string): LayerPlan[] {
  if (size === 1) {
    throw unusable(
      file,
      'it reads each character as a single number (ids divided by their count), not as an Embedding or a one-hot; train it with one of the two',
    );
  }
  if (size !== null) return [{ kind: 'one_hot', size }, ...plans];
  throw unusable(
    file,
    'it begins with no Embedding, and does not say how many numbers stand for a character',
  );
}

/** Rejects chains that Keras could not build, or that do not read characters one after the other. */
function checkOrder(plans: readonly LayerPlan[], file: string): void {
  let hasCharacters = true;
  let isRecurrent = false;
  for (const [i, plan] of plans.entries()) {
    if (i > 0 && plan.kind === 'embedding') throw unusable(file, `its layer ${plan.name} is not the first`);
    if (plan.kind === 'lstm' || plan.kind === 'gru' || plan.kind === 'bidirectional') {
      if (!hasCharacters)
        throw unusable(file, `its layer ${plan.name} follows on one without return_sequences`);
      if (plan.kind !== 'bidirectional' && plan.isResidual && !(isRecurrent && plan.returnsSequences)) {
        const problem = isRecurrent ? 'is without return_sequences' : 'is the first recurrent one';
        throw unusable(file, `the input of its layer ${plan.name} is added to its output, and it ${problem}`);
      }
      isRecurrent = true;
      hasCharacters = plan.kind === 'bidirectional' || plan.returnsSequences;
    }
    if (plan.kind === 'batch_normalization' && plan.axis !== -1 && plan.axis !== (hasCharacters ? 2 : 1)) {
      throw unusable(file, `\`axis\` of its layer ${plan.name} is ${plan.axis}, expected -1`);
    }
  }
  if (!isRecurrent) throw unusable(file, 'it has no LSTM and no GRU');
}

/** Removes a final softmax, which does not change the logits, and rejects other final activations. */
function withoutSoftmax(plans: readonly LayerPlan[], file: string): readonly LayerPlan[] {
  const last = plans.at(-1)!;
  const isFinal = 'activation' in last && FINAL_ACTIVATIONS.includes(last.activation);
  if (isFinal && last.kind === 'activation') return plans.slice(0, -1);
  if (isFinal && last.kind === 'dense') return [...plans.slice(0, -1), { ...last, activation: 'linear' }];
  if (last.kind === 'dense' && last.activation === 'linear') return plans;
  throw unusable(file, 'it ends with no softmax, so that it gives no probabilities');
}
