/** A backend as one engine sees it: one call at a time, and an end when its device is lost. */
import * as tf from '@tensorflow/tfjs-core';
import { EngineLostError } from '../engine.ts';
import { Mutex } from '../mutex.ts';
import type { TensorflowBackend } from './backend.ts';

export class Device {
  readonly #backend: TensorflowBackend;
  readonly #calls = new Mutex();
  #lost: string | undefined;
  /** Tells whoever waits for the device that it is lost. */
  #onLost: ((reason: string) => void) | undefined;

  constructor(backend: TensorflowBackend) {
    this.#backend = backend;
    backend.lost.then((reason) => {
      this.#lost = reason;
      this.#onLost?.(reason);
    });
  }

  /** Lets a call in, and everything else have its turn after it. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lose(this.#lost);
    return this.#calls.run(async () => {
      const result = await work();
      await this.#backend.breathe();
      return result;
    });
  }

  /**
   * Runs what is the device's to do. Whatever breaks there leaves the states unknown, so it is the engine's
   * end, lost device or not.
   */
  run<T>(work: () => T): T {
    try {
      useBackend(this.#backend);
      return work();
    } catch (error) {
      throw this.#lose((error as Error).message);
    }
  }

  /** Downloads a tensor and disposes of it. */
  async read(tensor: tf.Tensor): Promise<Int32Array | Float32Array> {
    try {
      return await new Promise((resolve, reject) => {
        this.#onLost = (reason) => reject(this.#lose(reason));
        tensor.data<'float32' | 'int32'>().then(resolve, (error) => reject(this.#lose(error.message)));
      });
    } finally {
      this.#onLost = undefined;
      if (this.#lost === undefined) tensor.dispose();
    }
  }

  /** Lets nobody in any more, and disposes of what there is unless the device is gone with it. */
  close(dispose: () => void): Promise<void> {
    return this.#calls.close(() => {
      if (this.#lost === undefined) dispose();
    });
  }

  #lose(reason: string): EngineLostError {
    this.#lost ??= reason;
    return new EngineLostError(this.#backend.engineName, this.#lost);
  }
}

/**
 * Makes a backend the current one. What follows without an `await` is run by it: for a backend that is
 * initialized `setBackend` does its work before it returns.
 */
export function useBackend({ tfName }: TensorflowBackend): void {
  if (tf.getBackend() === tfName) return;
  tf.setBackend(tfName).catch(() => {});
  if (tf.getBackend() !== tfName) throw new Error(`Expected the backend ${tfName} to be initialized.`);
}
