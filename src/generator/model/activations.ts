/**
 * Names of activations in the files of Keras 2, Keras 3 and TensorFlow.js, and here (see `ACTIVATION_NAMES`).
 */
import { ACTIVATION_NAMES, type ActivationName } from './layers.ts';
import { isRecord } from './model.ts';

/** Other names of some of them. */
const ALIASES: ReadonlyMap<string, ActivationName> = new Map([
  ['swish', 'silu'],
  ['hard_swish', 'hard_silu'],
  ['gelu_new', 'gelu_approximate'],
]);

/** The dialect of a file's names. */
export type Dialect = 'ours' | 'keras2' | 'tensorflow.js';

const KERAS_2 = [
  ...(['linear', 'relu', 'elu', 'selu', 'gelu', 'mish', 'sigmoid', 'hard_sigmoid', 'tanh'] as const),
  ...(['softplus', 'softsign', 'exponential', 'softmax', 'leaky_relu', 'relu6', 'log_softmax'] as const),
] as const;

/** Each dialect's names of the activations; an activation that a dialect lacks has no entry. */
const WRITTEN: Readonly<Record<Dialect, ReadonlyMap<ActivationName, string>>> = {
  ours: new Map(ACTIVATION_NAMES.map((name) => [name, name])),
  keras2: new Map<ActivationName, string>([
    ...KERAS_2.map((name) => [name, name] as const),
    ['silu', 'swish'],
  ]),
  'tensorflow.js': new Map<ActivationName, string>([
    ...(['linear', 'relu', 'relu6', 'elu', 'selu', 'gelu', 'mish', 'sigmoid', 'hard_sigmoid'] as const).map(
      (name) => [name, name] as const,
    ),
    ...(['tanh', 'softplus', 'softsign', 'softmax'] as const).map((name) => [name, name] as const),
    ['silu', 'swish'],
    ['gelu_approximate', 'gelu_new'],
  ]),
};

/**
 * The activation that a layer's configuration names; null for an unknown name.
 *
 * @param value a name, null for no activation, or the object in which Keras 3 may wrap a name
 * @param kerasMajor from 3 on, `hard_sigmoid` is a different function
 */
export function readActivation(value: unknown, kerasMajor: number): ActivationName | null {
  if (value === null) return 'linear';
  if (isRecord(value) && value.class_name === 'function') return readActivation(value.config, kerasMajor);
  if (typeof value !== 'string') return null;
  if (value === 'hard_sigmoid' && kerasMajor >= 3) return 'hard_sigmoid_keras3';
  return ALIASES.get(value) ?? ACTIVATION_NAMES.find((name) => name === value) ?? null;
}

/** A dialect's name of an activation; undefined where it has none. */
export function activationIn(dialect: Dialect, activation: ActivationName): string | undefined {
  return WRITTEN[dialect].get(activation);
}
