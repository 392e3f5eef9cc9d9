/**
 * The layers of a model as Keras and TensorFlow.js describe them: a Sequential, or a Functional model that is
 * one chain. The result is a character model: ids in, logits of the next id out.
 */
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
  const configs = layersOf(model, file).map((layer) => readLayerConfig(layer, file));
  const reader = new LayerReader(file, Number.parseInt(String(version), 10) || DEFAULT_KERAS_MAJOR);
  const read = configs.map((config) => reader.read(config)).filter((plan) => plan !== null);
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

function layersOf(model: unknown, file: string): Record<string, unknown>[] {
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
  return isFunctional ? chainOf(layers, file) : layers;
}

/** Sorts the layers of a chain. */
function chainOf(layers: readonly Record<string, unknown>[], file: string): Record<string, unknown>[] {
  const followers = new Map<string | undefined, Record<string, unknown>>();
  for (const layer of layers) {
    const before = [...new Set(namesIn(layer.inbound_nodes))];
    if (before.length > 1 || followers.has(before[0])) {
      throw unusable(file, 'its model is not a chain of layers, each of which reads only the one before it');
    }
    followers.set(before[0], layer);
  }
  const chain: Record<string, unknown>[] = [];
  // Each layer is taken only once, so the loop ends even for a cycle.
  for (let next = take(followers, undefined); next; next = take(followers, String(next.name)))
    chain.push(next);
  if (followers.size > 0) throw unusable(file, 'its model is not one chain of layers');
  return chain;
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

/**
 * The layers that the `inbound_nodes` of another name: `[name, 0, 0, {}]` in Keras 2, a history in Keras 3.
 */
function namesIn(nodes: unknown): string[] {
  if (isRecord(nodes)) {
    return Object.entries(nodes).flatMap(([key, value]) =>
      key === 'keras_history' && Array.isArray(value) ? [String(value[0])] : namesIn(value),
    );
  }
  if (!Array.isArray(nodes)) return [];
  const isReference =
    typeof nodes[0] === 'string' && Number.isInteger(nodes[1]) && Number.isInteger(nodes[2]);
  return isReference ? [nodes[0] as string, ...namesIn(nodes.slice(3))] : nodes.flatMap(namesIn);
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
