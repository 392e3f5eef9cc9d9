/** One training step: read, gradient, clipping, optimizer. */
import * as tf from '@tensorflow/tfjs-core';
import type { CellState } from './cells.ts';
import type { TrainableNetwork, TrainingBatch } from './network.ts';
import { type DescentOptions, descend, type Slots } from './optimizers.ts';
import type { Weights } from './stages.ts';
import { inTidy, numberIn } from './tidy.ts';

/** All the tensors of a run. */
export interface RunTensors {
  readonly weights: Weights;
  /** The optimizer's slots. */
  readonly slots: Slots;
  /** The states of each layer. */
  readonly states: readonly CellState[];
}

export interface StepOptions extends Omit<DescentOptions, 'gates'> {
  /** Selects the dropped outputs. */
  readonly dropoutSeed: number;
}

/** The result of a step. The caller disposes of either the previous tensors or these. */
export interface Stepped {
  readonly next: RunTensors;
  /** Mean of -ln p over the batch's rows. */
  readonly nats: number;
  /** Number of correctly predicted rows. */
  readonly right: number;
  /** Norm of the gradient before clipping. */
  readonly norm: number;
}

export async function takeStep(
  network: TrainableNetwork,
  { weights, slots, states }: RunTensors,
  batch: TrainingBatch,
  { dropoutSeed, ...options }: StepOptions,
): Promise<Stepped> {
  const gates = network.hiddenKernels();
  const { loss, right, norm, next } = inTidy(() => {
    const pass = network.learn(weights, batch, states, dropoutSeed);
    const down = descend(weights, pass.gradients, slots, { ...options, gates });
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
