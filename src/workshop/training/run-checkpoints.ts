/** The checkpoints of one run: their names, which of them are kept, and their tensors. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StoryError } from '../../errors.ts';
import type { Tensor } from '../../generator/model/weights.ts';
import { makeFolder } from '../../make-folder.ts';
import type { CellState } from './cells.ts';
import { listCheckpoints, loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { Progress } from './progress.ts';
import type { RunTensors } from './step.ts';

/** Number of checkpoints that are kept besides the best one. */
const KEPT = 3;

export class RunCheckpoints {
  readonly #run: string;
  readonly #folder: string;

  /** @param run the run's folder */
  constructor(run: string) {
    this.#run = run;
    this.#folder = join(run, 'checkpoints');
  }

  /** @throws StoryError `bad_request` when the folder already has a run */
  async begin(): Promise<void> {
    if ((await listCheckpoints(this.#folder)).length > 0) {
      throw new StoryError(
        'bad_request',
        `There is a run in ${this.#run} already. Go on with it (--continue), or choose another folder.`,
      );
    }
    await makeFolder(this.#folder);
  }

  /**
   * The last checkpoint, whose tensors are not yet on the device.
   *
   * @throws StoryError `bad_request` when there is none, or when it is damaged
   */
  async last(): Promise<{
    readonly name: string;
    readonly progress: Progress;
    readonly restore: () => RunTensors;
  }> {
    const name = (await listCheckpoints(this.#folder)).at(-1);
    if (!name) {
      throw new StoryError(
        'bad_request',
        `There is no run in ${this.#run} to go on with. Begin one without --continue.`,
      );
    }
    const { progress, tensors } = await loadCheckpoint<Progress>(this.#folder, name);
    const restore = () => ({
      weights: onDevice(tensors, 'weights/'),
      slots: onDevice(tensors, 'slots/'),
      states: progress.settings.architecture.units.map((_, layer) => [
        ...onDevice(tensors, `states/${layer}/`).values(),
      ]) as CellState[],
    });
    return { name, progress, restore };
  }

  /**
   * Writes a checkpoint, named by epoch and validation score, and removes those that are neither the best nor
   * among the last.
   */
  async save(progress: Progress, { weights, slots, states }: RunTensors): Promise<void> {
    const tensors = new Map<string, Tensor>();
    const add = async (key: string, tensor: tf.Tensor) => {
      const values = (await tensor.data()) as Float32Array;
      tensors.set(key, { name: key, shape: tensor.shape, values });
    };
    for (const [key, tensor] of weights) await add(`weights/${key}`, tensor);
    for (const [key, tensor] of slots) await add(`slots/${key}`, tensor);
    for (const [layer, state] of states.entries()) {
      for (const [i, tensor] of state.entries()) await add(`states/${layer}/${i}`, tensor);
    }
    const name = nameOf(progress);
    await saveCheckpoint(this.#folder, name, { progress, tensors });
    const { best } = progress;
    const isBest = (one: string) => best !== undefined && one.startsWith(placeOf(best.epoch + 1, 0));
    const names = await listCheckpoints(this.#folder);
    for (const old of names.slice(0, -KEPT)) if (!isBest(old)) await removeCheckpoint(this.#folder, old);
  }
}

/** Names sort in the order in which they were written. */
function nameOf({ epoch, chunk, valid }: Progress): string {
  return placeOf(epoch, chunk) + (valid ? `-${valid.bitsPerCharacter.toFixed(4)}bpc` : '');
}

function placeOf(epoch: number, chunk: number): string {
  return `epoch-${String(epoch).padStart(4, '0')}-chunk-${String(chunk).padStart(6, '0')}`;
}

/** The tensors whose names have this prefix, on the device and without the prefix. */
function onDevice(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, tf.Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { values, shape }]) => [
        name.slice(prefix.length),
        tf.tensor(values, [...shape], 'float32'),
      ]),
  );
}
