/**
 * Optimizers. Each keeps its slots in tensors of the weight's shape, so that a checkpoint can hold them and a
 * continued run takes exactly the same steps.
 */
import * as tf from '@tensorflow/tfjs-core';
import { muonStep } from './muon.ts';

export interface OptimizerSettings {
  readonly name: OptimizerName;
  readonly learningRate: number;
}

/** How one weight is changed. */
interface Rule {
  /** Names of the slots that it keeps for each weight; initially zero. */
  readonly slots: readonly string[];
  /**
   * @param slots the slots after the last step
   * @param weight before the step
   * @param step 1 for the first
   * @returns the update to add to the weight, and the new slots
   */
  update(
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    learningRate: number,
    step: number,
    weight: tf.Tensor,
  ): { readonly change: tf.Tensor; readonly slots: readonly tf.Tensor[] };
}

interface Optimizer {
  readonly defaultRate: number;
  /** @param gates number of matrices between hidden units that the weight holds; undefined for other weights */
  ruleFor(gates: number | undefined): Rule;
}

const SMALL = 1e-7;
const MOMENTUM = 0.9;
const RMSPROP_DECAY = 0.9;
const ADADELTA_DECAY = 0.95;
const ADAM_DECAY_1 = 0.9;
const ADAM_DECAY_2 = 0.999;
const ADAMW_DECAY_2 = 0.99;
const ADAMW_SMALL = 1e-8;
/** Share of a matrix that a step takes away, times the learning rate. */
const WEIGHT_DECAY = 0.01;

/** Stochastic gradient descent with momentum (Polyak, 1964), in Keras's form. */
const sgd: Rule = {
  slots: ['momentum'],
  update(gradient, [velocity], learningRate) {
    const next = tf.sub(tf.mul(velocity!, MOMENTUM), tf.mul(gradient, learningRate));
    return { change: next, slots: [next] };
  },
};

/** RMSprop (Tieleman and Hinton, 2012). */
const rmsprop: Rule = {
  slots: ['square'],
  update(gradient, [square], learningRate) {
    const next = mixed(square!, tf.square(gradient), RMSPROP_DECAY);
    const step = tf.div(gradient, tf.add(tf.sqrt(next), SMALL));
    return { change: tf.mul(step, -learningRate), slots: [next] };
  },
};

/** Adadelta (Zeiler, 2012). */
const adadelta: Rule = {
  slots: ['square', 'change'],
  update(gradient, [square, changes], learningRate) {
    const next = mixed(square!, tf.square(gradient), ADADELTA_DECAY);
    const ratio = tf.div(tf.sqrt(tf.add(changes!, SMALL)), tf.sqrt(tf.add(next, SMALL)));
    const step = tf.mul(gradient, ratio);
    const nextChanges = mixed(changes!, tf.square(step), ADADELTA_DECAY);
    return { change: tf.mul(step, -learningRate), slots: [next, nextChanges] };
  },
};

/** Adam (Kingma and Ba, 2015). */
const adam: Rule = adamWith(ADAM_DECAY_2, SMALL, 0);

/** AdamW (Loshchilov and Hutter, 2019); only matrices decay. */
const adamw: Rule = adamWith(ADAMW_DECAY_2, ADAMW_SMALL, WEIGHT_DECAY);

/** Muon for the matrices between hidden units of some gates, see muon.ts. */
function muon(gates: number): Rule {
  return {
    slots: ['momentum'],
    update(gradient, [momentum], learningRate, _, weight) {
      const next = muonStep(gradient as tf.Tensor2D, momentum as tf.Tensor2D, gates);
      const direction = tf.add(next.direction, tf.mul(weight, WEIGHT_DECAY));
      return { change: tf.mul(direction, -learningRate), slots: [next.momentum] };
    },
  };
}

const OPTIMIZER_RULES = {
  sgd: { defaultRate: 0.1, ruleFor: () => sgd },
  rmsprop: { defaultRate: 0.001, ruleFor: () => rmsprop },
  adadelta: { defaultRate: 1, ruleFor: () => adadelta },
  adam: { defaultRate: 0.002, ruleFor: () => adam },
  adamw: { defaultRate: 0.002, ruleFor: () => adamw },
  muon: { defaultRate: 0.006, ruleFor: (gates) => (gates === undefined ? adamw : muon(gates)) },
} as const satisfies Record<string, Optimizer>;

export type OptimizerName = keyof typeof OPTIMIZER_RULES;
export const OPTIMIZERS = Object.keys(OPTIMIZER_RULES) as readonly OptimizerName[];

export function defaultRateOf(name: OptimizerName): number {
  return OPTIMIZER_RULES[name].defaultRate;
}

/** Tensors by the name of their weight and of their slot: `dense/kernel/momentum`. */
export type Slots = ReadonlyMap<string, tf.Tensor>;

export interface DescentOptions {
  readonly optimizer: OptimizerSettings;
  /** Maximum norm of the gradient over all weights (Pascanu et al., 2013); 0 for no clipping. */
  readonly clip: number;
  /** 1 for the first since the optimizer began. */
  readonly step: number;
  /** Number of matrices that each weight between hidden units holds, see `TrainableNetwork.hiddenKernels`. */
  readonly gates?: ReadonlyMap<string, number>;
}

/**
 * Takes one step with every weight that has a gradient. Must be called inside `tf.tidy`; the next call takes
 * the returned slots.
 *
 * @param slots the slots of the step before, or none
 */
export function descend(
  weights: ReadonlyMap<string, tf.Tensor>,
  gradients: ReadonlyMap<string, tf.Tensor>,
  slots: Slots,
  { optimizer: { name, learningRate }, clip, step, gates = new Map() }: DescentOptions,
): {
  readonly weights: Map<string, tf.Tensor>;
  readonly slots: Map<string, tf.Tensor>;
  /** The norm of the gradient over all weights, before clipping; not finite when any part of it is not. */
  readonly norm: tf.Scalar;
} {
  const norm = normOf(gradients);
  const scale = clip > 0 ? tf.minimum(1, tf.div(clip, tf.add(norm, SMALL))) : undefined;
  const nextWeights = new Map<string, tf.Tensor>();
  const nextSlots = new Map<string, tf.Tensor>();
  for (const [weight, gradient] of gradients) {
    const rule: Rule = OPTIMIZER_RULES[name].ruleFor(gates.get(weight));
    const value = weights.get(weight)!;
    const kept = rule.slots.map((slot) => slots.get(`${weight}/${slot}`) ?? tf.zerosLike(value));
    const clipped = scale ? tf.mul(gradient, scale) : gradient;
    const updated = rule.update(clipped, kept, learningRate, step, value);
    nextWeights.set(weight, tf.add(value, updated.change));
    for (const [i, slot] of updated.slots.entries()) nextSlots.set(`${weight}/${rule.slots[i]}`, slot);
  }
  return { weights: nextWeights, slots: nextSlots, norm };
}

function adamWith(decay2: number, small: number, weightDecay: number): Rule {
  return {
    slots: ['mean', 'square'],
    update(gradient, [mean, square], learningRate, step, weight) {
      const nextMean = mixed(mean!, gradient, ADAM_DECAY_1);
      const nextSquare = mixed(square!, tf.square(gradient), decay2);
      const correction = Math.sqrt(1 - decay2 ** step) / (1 - ADAM_DECAY_1 ** step);
      const direction = tf.div(nextMean, tf.add(tf.sqrt(nextSquare), small));
      const change = tf.mul(direction, -learningRate * correction);
      const isDecaying = weightDecay > 0 && weight.rank === 2;
      return {
        change: isDecaying ? tf.sub(change, tf.mul(weight, learningRate * weightDecay)) : change,
        slots: [nextMean, nextSquare],
      };
    },
  };
}

function normOf(gradients: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.sqrt(
    tf.addN([...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)))),
  ) as tf.Scalar;
}

function mixed(old: tf.Tensor, fresh: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(old, decay), tf.mul(fresh, 1 - decay));
}
