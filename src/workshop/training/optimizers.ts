/**
 * Optimizers. Each keeps its slots in tensors of the weight's shape, so that a checkpoint can hold them and a
 * continued run takes exactly the same steps.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface OptimizerSettings {
  readonly name: OptimizerName;
  readonly learningRate: number;
}

interface Rule {
  /** Names of the slots that it keeps for each weight; initially zero. */
  readonly slots: readonly string[];
  readonly defaultRate: number;
  /**
   * @param slots the slots after the last step
   * @param step 1 for the first
   * @returns the update to add to the weight, and the new slots
   */
  update(
    gradient: tf.Tensor,
    slots: readonly tf.Tensor[],
    learningRate: number,
    step: number,
  ): { readonly change: tf.Tensor; readonly slots: readonly tf.Tensor[] };
}

const SMALL = 1e-7;
const MOMENTUM = 0.9;
const RMSPROP_DECAY = 0.9;
const ADADELTA_DECAY = 0.95;
const ADAM_DECAY_1 = 0.9;
const ADAM_DECAY_2 = 0.999;

const RULES = {
  /** Stochastic gradient descent with momentum (Polyak, 1964), in Keras's form. */
  sgd: {
    slots: ['momentum'],
    defaultRate: 0.1,
    update(gradient, [velocity], learningRate) {
      const next = tf.sub(tf.mul(velocity!, MOMENTUM), tf.mul(gradient, learningRate));
      return { change: next, slots: [next] };
    },
  },
  /** RMSprop (Tieleman and Hinton, 2012). */
  rmsprop: {
    slots: ['square'],
    defaultRate: 0.001,
    update(gradient, [square], learningRate) {
      const next = mixed(square!, tf.square(gradient), RMSPROP_DECAY);
      const step = tf.div(gradient, tf.add(tf.sqrt(next), SMALL));
      return { change: tf.mul(step, -learningRate), slots: [next] };
    },
  },
  /** Adadelta (Zeiler, 2012). */
  adadelta: {
    slots: ['square', 'change'],
    defaultRate: 1,
    update(gradient, [square, changes], learningRate) {
      const next = mixed(square!, tf.square(gradient), ADADELTA_DECAY);
      const ratio = tf.div(tf.sqrt(tf.add(changes!, SMALL)), tf.sqrt(tf.add(next, SMALL)));
      const step = tf.mul(gradient, ratio);
      const nextChanges = mixed(changes!, tf.square(step), ADADELTA_DECAY);
      return { change: tf.mul(step, -learningRate), slots: [next, nextChanges] };
    },
  },
  /** Adam (Kingma and Ba, 2015). */
  adam: {
    slots: ['mean', 'square'],
    defaultRate: 0.002,
    update(gradient, [mean, square], learningRate, step) {
      const nextMean = mixed(mean!, gradient, ADAM_DECAY_1);
      const nextSquare = mixed(square!, tf.square(gradient), ADAM_DECAY_2);
      const correction = Math.sqrt(1 - ADAM_DECAY_2 ** step) / (1 - ADAM_DECAY_1 ** step);
      const direction = tf.div(nextMean, tf.add(tf.sqrt(nextSquare), SMALL));
      return { change: tf.mul(direction, -learningRate * correction), slots: [nextMean, nextSquare] };
    },
  },
} as const satisfies Record<string, Rule>;

export type OptimizerName = keyof typeof RULES;
export const OPTIMIZERS = Object.keys(RULES) as readonly OptimizerName[];

export function defaultRateOf(name: OptimizerName): number {
  return RULES[name].defaultRate;
}

/** Tensors by the name of their weight and of their slot: `dense/kernel/momentum`. */
export type Slots = ReadonlyMap<string, tf.Tensor>;

/**
 * Takes one step with every weight that has a gradient. Must be called inside `tf.tidy`; the next call takes
 * the returned slots.
 *
 * @param slots the slots of the step before, or none
 * @param clip maximum norm of the gradient over all weights (Pascanu et al., 2013); 0 for no clipping
 * @param step 1 for the first since the optimizer began
 */
export function descend(
  weights: ReadonlyMap<string, tf.Tensor>,
  gradients: ReadonlyMap<string, tf.Tensor>,
  slots: Slots,
  { name, learningRate }: OptimizerSettings,
  clip: number,
  step: number,
): {
  readonly weights: Map<string, tf.Tensor>;
  readonly slots: Map<string, tf.Tensor>;
  /** The norm of the gradient over all weights, before clipping; not finite when any part of it is not. */
  readonly norm: tf.Scalar;
} {
  const rule: Rule = RULES[name];
  const norm = normOf(gradients);
  const scale = clip > 0 ? tf.minimum(1, tf.div(clip, tf.add(norm, SMALL))) : undefined;
  const nextWeights = new Map<string, tf.Tensor>();
  const nextSlots = new Map<string, tf.Tensor>();
  for (const [weight, gradient] of gradients) {
    const value = weights.get(weight)!;
    const kept = rule.slots.map((slot) => slots.get(`${weight}/${slot}`) ?? tf.zerosLike(value));
    const updated = rule.update(scale ? tf.mul(gradient, scale) : gradient, kept, learningRate, step);
    nextWeights.set(weight, tf.add(value, updated.change));
    for (const [i, slot] of updated.slots.entries()) nextSlots.set(`${weight}/${rule.slots[i]}`, slot);
  }
  return { weights: nextWeights, slots: nextSlots, norm };
}

function normOf(gradients: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.sqrt(
    tf.addN([...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)))),
  ) as tf.Scalar;
}

function mixed(old: tf.Tensor, fresh: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(old, decay), tf.mul(fresh, 1 - decay));
}
