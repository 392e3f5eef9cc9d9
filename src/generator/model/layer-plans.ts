/**
 * A layer as its configuration describes it, without the weights. Reading rejects every setting under which
 * the layer would not follow the formulas in layers.ts.
 */
import { readActivation } from './activations.ts';
import type { ActivationName, BidirectionalLayer } from './layers.ts';
import { isRecord, shorten, unusable } from './model.ts';

export type LayerPlan =
  | {
      readonly kind: 'embedding';
      readonly name: string;
      readonly rows: number;
      readonly columns: number;
      /** Whether the id 0 is masked. */
      readonly masksZero: boolean;
    }
  | { readonly kind: 'one_hot'; readonly size: number }
  | RecurrentPlan
  | {
      readonly kind: 'bidirectional';
      readonly name: string;
      readonly forward: RecurrentPlan;
      readonly backward: RecurrentPlan;
      readonly merge: BidirectionalLayer['merge'];
    }
  | {
      readonly kind: 'batch_normalization';
      readonly name: string;
      /**
       * Of [batch, characters, numbers], or of [batch, numbers] once the axis of characters is gone; -1 is
       * the last.
       */
      readonly axis: number;
      readonly epsilon: number;
      readonly hasGamma: boolean;
      readonly hasBeta: boolean;
      readonly isWrapped: boolean;
    }
  | {
      readonly kind: 'dense';
      readonly name: string;
      readonly units: number;
      readonly activation: ActivationName;
      readonly hasBias: boolean;
      readonly isWrapped: boolean;
    }
  | { readonly kind: 'activation'; readonly name: string; readonly activation: ActivationName };

export interface RecurrentPlan {
  readonly kind: 'lstm' | 'gru';
  readonly name: string;
  readonly units: number;
  readonly activation: ActivationName;
  readonly recurrentActivation: ActivationName;
  readonly hasBias: boolean;
  /** GRU only: whether the reset gate comes after the product. */
  readonly resetAfter: boolean;
  /** Whether its weights have the layout of NVIDIA's library. */
  readonly isCudnn: boolean;
  /** Whether it has an output for every character, and not only for the last one. */
  readonly returnsSequences: boolean;
  readonly isStateful: boolean;
  /** Whether its input is added to its output. */
  readonly isResidual: boolean;
}

/** A layer of a file: its class and its settings. */
export interface LayerConfig {
  readonly className: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Layers without effect when a model only reads and writes. */
export const SILENT_CLASSES: readonly string[] = [
  ...['InputLayer', 'Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'AlphaDropout'],
  ...['ActivityRegularization', 'Masking'],
];
export const RECURRENT_CLASSES: readonly string[] = ['LSTM', 'GRU', 'CuDNNLSTM', 'CuDNNGRU'];
/** Layers that TimeDistributed may wrap: they treat every step alike. */
const WRAPPABLE_CLASSES: readonly string[] = [
  ...['Dense', 'BatchNormalization', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax'],
  ...SILENT_CLASSES,
];
const SUPPORTED =
  'Embedding, LSTM, GRU, Bidirectional, BatchNormalization, TimeDistributed, Dense, Activation and layers that only matter in training';
/** Keras's defaults where a configuration leaves them out. */
const DEFAULT_EPSILON = 1e-3;
const DEFAULT_LEAKY_SLOPE = 0.3;
/** The only supported slope of `leaky_relu`. */
const LEAKY_SLOPE = 0.2;

/** @param file the name of the layer's file in error messages */
export function readLayerConfig(layer: Readonly<Record<string, unknown>>, file: string): LayerConfig {
  const { class_name: className, config } = layer;
  if (typeof className !== 'string' || !isRecord(config)) {
    throw unusable(file, `its layer ${String(className)} has no configuration`);
  }
  const name = config.name ?? layer.name;
  if (typeof name !== 'string') throw unusable(file, `its layer ${className} has no name`);
  return { className, name, settings: config };
}

/** Reads the configurations of one file's layers. */
export class LayerReader {
  readonly #file: string;
  readonly #kerasMajor: number;

  /**
   * @param file the file's name in error messages
   * @param kerasMajor major version of the Keras that wrote the file
   */
  constructor(file: string, kerasMajor: number) {
    this.#file = file;
    this.#kerasMajor = kerasMajor;
  }

  /**
   * @returns null for a layer without effect
   * @throws StoryError `model_unavailable` that names the layer and its unsupported setting
   */
  read(layer: LayerConfig, isWrapped = false): LayerPlan | null {
    const { className, name } = layer;
    if (SILENT_CLASSES.includes(className)) return null;
    if (RECURRENT_CLASSES.includes(className)) return this.#recurrent(layer);
    switch (className) {
      case 'Embedding':
        return {
          kind: 'embedding',
          name,
          rows: this.#size(layer, 'input_dim'),
          columns: this.#size(layer, 'output_dim'),
          masksZero: this.#isOn(layer, 'mask_zero', false),
        };
      case 'Bidirectional':
        return this.#bidirectional(layer);
      case 'TimeDistributed': {
        const inner = this.#innerLayer(layer, 'layer');
        if (!WRAPPABLE_CLASSES.includes(inner.className)) throw this.#unsupported(inner);
        return this.read(inner, true);
      }
      case 'BatchNormalization':
        return this.#batchNormalization(layer, isWrapped);
      case 'Dense': {
        const [activation, hasBias] = [
          this.#activation(layer, 'activation'),
          this.#isOn(layer, 'use_bias', true),
        ];
        return { kind: 'dense', name, units: this.#size(layer, 'units'), activation, hasBias, isWrapped };
      }
      default:
        return { kind: 'activation', name, activation: this.#activationLayer(layer) };
    }
  }

  #recurrent(layer: LayerConfig): RecurrentPlan {
    const { className, name } = layer;
    const isCudnn = className.startsWith('CuDNN');
    const isGru = className.endsWith('GRU');
    this.#expect(layer, 'go_backwards', [false, undefined]);
    return {
      kind: isGru ? 'gru' : 'lstm',
      name,
      units: this.#size(layer, 'units'),
      activation: isCudnn ? 'tanh' : this.#activation(layer, 'activation'),
      recurrentActivation: isCudnn ? 'sigmoid' : this.#activation(layer, 'recurrent_activation'),
      hasBias: isCudnn || this.#isOn(layer, 'use_bias', true),
      resetAfter: isGru && (isCudnn || this.#isOn(layer, 'reset_after', false)),
      isCudnn,
      returnsSequences: this.#isOn(layer, 'return_sequences', false),
      isStateful: this.#isOn(layer, 'stateful', false),
      isResidual: false,
    };
  }

  #bidirectional(layer: LayerConfig): LayerPlan {
    const { name, settings } = layer;
    const recurrent = (setting: string) => {
      const inner = this.#innerLayer(layer, setting);
      if (!RECURRENT_CLASSES.includes(inner.className)) throw this.#unsupported(inner);
      // Keras records the backward direction in the wrapped layer.
      const plan = this.#recurrent({ ...inner, settings: { ...inner.settings, go_backwards: false } });
      // Otherwise it would return the backward half's output for the window's first step.
      if (!plan.returnsSequences) this.#expect(inner, 'return_sequences', [true]);
      return plan;
    };
    this.#expect(layer, 'merge_mode', ['concat', 'sum', 'mul', 'ave']);
    const forward = recurrent('layer');
    const backward = isRecord(settings.backward_layer) ? recurrent('backward_layer') : forward;
    const merge = settings.merge_mode as BidirectionalLayer['merge'];
    return { kind: 'bidirectional', name, forward, backward, merge };
  }

  #batchNormalization(layer: LayerConfig, isWrapped: boolean): LayerPlan {
    const { axis, epsilon } = layer.settings;
    const first: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : (axis ?? -1);
    if (typeof first !== 'number') this.#expect(layer, 'axis', [-1]);
    return {
      kind: 'batch_normalization',
      name: layer.name,
      axis: first as number,
      epsilon: typeof epsilon === 'number' ? epsilon : DEFAULT_EPSILON,
      hasGamma: this.#isOn(layer, 'scale', true),
      hasBeta: this.#isOn(layer, 'center', true),
      isWrapped,
    };
  }

  #activationLayer(layer: LayerConfig): ActivationName {
    const { className, settings } = layer;
    switch (className) {
      case 'Activation':
        return this.#activation(layer, 'activation');
      case 'ReLU':
        this.#expect(layer, 'negative_slope', [0, null, undefined]);
        this.#expect(layer, 'threshold', [0, null, undefined]);
        this.#expect(layer, 'max_value', [null, undefined, 6]);
        return settings.max_value === 6 ? 'relu6' : 'relu';
      case 'LeakyReLU': {
        const slope = settings.alpha ?? settings.negative_slope ?? DEFAULT_LEAKY_SLOPE;
        // Stored as a float32 it has other digits.
        if (typeof slope === 'number' && Math.fround(slope) === Math.fround(LEAKY_SLOPE)) return 'leaky_relu';
        throw unusable(
          this.#file,
          `the slope of its layer ${layer.name} is ${shorten(slope)}, expected ${LEAKY_SLOPE}`,
        );
      }
      case 'ELU':
        this.#expect(layer, 'alpha', [1, undefined]);
        return 'elu';
      case 'Softmax':
        this.#expect(layer, 'axis', [-1, undefined]);
        return 'softmax';
      default:
        throw this.#unsupported(layer);
    }
  }

  #innerLayer(layer: LayerConfig, setting: string): LayerConfig {
    const inner = layer.settings[setting];
    if (!isRecord(inner)) throw unusable(this.#file, `its layer ${layer.name} has no \`${setting}\``);
    // Its weights have the outer layer's name.
    return { ...readLayerConfig({ name: layer.name, ...inner }, this.#file), name: layer.name };
  }

  #activation(layer: LayerConfig, setting: string): ActivationName {
    const value = layer.settings[setting];
    const activation = readActivation(value, this.#kerasMajor);
    if (activation !== null) return activation;
    throw unusable(
      this.#file,
      `\`${setting}\` of its layer ${layer.name} is ${shorten(value)}, which is none that can be run`,
    );
  }

  #isOn(layer: LayerConfig, setting: string, otherwise: boolean): boolean {
    this.#expect(layer, setting, [otherwise, !otherwise, null, undefined]);
    return (layer.settings[setting] as boolean | null | undefined) ?? otherwise;
  }

  #size(layer: LayerConfig, setting: string): number {
    const size = layer.settings[setting];
    if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return size;
    throw unusable(this.#file, `\`${setting}\` of its layer ${layer.name} is ${shorten(size)}`);
  }

  #expect(layer: LayerConfig, setting: string, accepted: readonly unknown[]): void {
    const value = layer.settings[setting];
    if (accepted.includes(value)) return;
    throw unusable(
      this.#file,
      `\`${setting}\` of its layer ${layer.name} is ${shorten(value)}, expected ${JSON.stringify(accepted[0])}`,
    );
  }

  #unsupported({ className, name }: LayerConfig): Error {
    return unusable(this.#file, `its layer ${name} is a ${shorten(className)}; only ${SUPPORTED} can be run`);
  }
}
