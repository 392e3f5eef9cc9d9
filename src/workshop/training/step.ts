/** One step of learning: read, gradient, clipping, optimizer. */
import * as tf from '@tensorflow/tfjs-core';
import type { CellState } from './cells.ts';
import type { TrainableNetwork, TrainingBatch } from './network.ts';
import { descend, type OptimizerSettings, type Slots } from './optimizers.ts';
import type { Weights } from './stages.ts';
import { inTidy, numberIn } from './tidy.ts';

/** All the tensors that a run goes on with. */
export interface RunTensors {
  readonly weights: Weights;
  /** What the optimizer keeps. */
  readonly slots: Slots;
  /** Of each layer. */
  readonly states: readonly CellState[];
}

export interface StepOptions {
  readonly optimizer: OptimizerSettings;
  /** Norm that the gradient is cut to; 0 for never. */
  readonly clip: number;
  /** 1 for the first since the optimizer began. */
  readonly step: number;
  /** Which outputs are left out. */
  readonly dropoutSeed: number;
}

/** What a step came to. Whoever takes it disposes of the tensors before it, or of these. */
export interface Stepped {
  readonly next: RunTensors;
  /** Mean of -ln p over the lesson's rows. */
  readonly nats: number;
  /** How many of them were guessed. */
  readonly right: number;
  /** The gradient's, before it is cut. */
  readonly norm: number;
}

export async function takeStep(
  network: TrainableNetwork,
  { weights, slots, states }: RunTensors,
  batch: TrainingBatch,
  { optimizer, clip, step, dropoutSeed }: StepOptions,
): Promise<Stepped> {
  const { loss, right, norm, next } = inTidy(() => {
    const pass = network.learn(weights, batch, states, dropoutSeed);
    const down = descend(weights, pass.gradients, slots, optimizer, clip, step);
    const after: RunTensors = {
      weights: new Map([...down.weights, ...pass.moved]),
      slots: down.slots,
      states: pass.states,
    };
    return { loss: pass.loss, right: pass.right, norm: down.norm, next: after };
  });
  return { next, nats: await numberIn(loss), right: await numberIn(right), norm: await numberIn(norm) };
}

export function disposeOf({ weights, slots, states }: RunTensors): void {
  tf.dispose([...weights.values(), ...slots.values()]);
  tf.dispose(states as never);
}
