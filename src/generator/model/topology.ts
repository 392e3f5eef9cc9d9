/**
 * The layers of a model as Keras and TensorFlow.js write them down: a Sequential, or a Functional model that is
 * one chain. What comes out is a character model: ids go in, the logits of what follows come out.
 */
import { type LayerConfig, type LayerPlan, LayerReader, readLayerConfig } from './layer-plans.ts';
import { isRecord, unusable } from './model.ts';

/** What a topology says, checked. */
export interface Topology {
  /** From the one that reads ids to the one that makes logits; without layers that change nothing. */
  readonly plans: readonly LayerPlan[];
  /** All layers as the file has them. */
  readonly configs: readonly LayerConfig[];
  /** Characters that a window has; null where the file does not fix them. */
  readonly window: number | null;
  /** Whether the file says that states are carried from one call to the next. */
  readonly isStateful: boolean;
}

export interface TopologyContext {
  /** How errors call the file. */
  readonly file: string;
  /** The version of Keras that wrote it, where that is said elsewhere. */
  readonly kerasVersion?: string;
}

const DEFAULT_KERAS_MAJOR = 2;
const FUNCTIONAL_CLASSES: readonly unknown[] = ['Functional', 'Model'];
/** What makes probabilities of logits and can as well be left out. */
const FINAL_ACTIVATIONS: readonly string[] = ['softmax', 'log_softmax'];

/**
 * @param topology a `modelTopology` of TensorFlow.js, a `model_config` of Keras 2 or a `config.json` of Keras 3
 * @throws StoryError `model_unavailable` that names the layer that cannot be run, and why
 */
export function readTopology(topology: unknown, { file, kerasVersion }: TopologyContext): Topology {
  // Keras wraps the topology once more when it converts a model.
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
  // Keras before 2.2.3 gives the list itself as the configuration.
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

/** Puts layers that each follow on one other in their order. */
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
  // A layer is found only once, so that even a ring comes to an end.
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

/** The layers that the `inbound_nodes` of another name: `[name, 0, 0, {}]` in Keras 2, a history in Keras 3. */
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

/** The shape of what goes in, [batch, characters, numbers of each], as the first layer tells it. */
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

/** Refuses what Keras itself could not build, or what would not read characters one after the other. */
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

/** Without its softmax a model gives the same logits. Anything else at its end would make none of them. */
function withoutSoftmax(plans: readonly LayerPlan[], file: string): readonly LayerPlan[] {
  const last = plans.at(-1)!;
  const isFinal = 'activation' in last && FINAL_ACTIVATIONS.includes(last.activation);
  if (isFinal && last.kind === 'activation') return plans.slice(0, -1);
  if (isFinal && last.kind === 'dense') return [...plans.slice(0, -1), { ...last, activation: 'linear' }];
  if (last.kind === 'dense' && last.activation === 'linear') return plans;
  throw unusable(file, 'it ends with no softmax, so that it gives no probabilities');
}
