/** A backend as one engine uses it: one call at a time, until its device is lost. */
import * as tf from '@tensorflow/tfjs-core';
import { EngineLostError } from '../engine.ts';
import { Mutex } from '../rows.ts';
import type { TensorflowBackend } from './backend.ts';

export class Device {
  readonly #backend: TensorflowBackend;
  readonly #calls = new Mutex();
  #lost: string | undefined;
  /** Rejects the call that waits for the device when the device is lost. */
  #onLost: ((reason: string) => void) | undefined;

  constructor(backend: TensorflowBackend) {
    this.#backend = backend;
    backend.lost.then((reason) => {
      this.#lost = reason;
      this.#onLost?.(reason);
    });
  }

  /** Runs a call exclusively, then yields to the event loop. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lose(this.#lost);
    return this.#calls.run(async () => {
      const result = await work();
      await this.#backend.breathe();
      return result;
    });
  }

  /**
   * Runs work on the device. Any error leaves the states unknown, so the engine counts as lost even where the
   * device is not.
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

  /** Rejects new calls, and disposes of tensors unless the device is lost. */
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
 * Makes a backend the current one. Code that follows without an `await` runs on it: for an initialized
 * backend `setBackend` takes effect before it returns.
 */
export function useBackend({ tfName }: TensorflowBackend): void {
  if (tf.getBackend() === tfName) return;
  tf.setBackend(tfName).catch(() => {});
  if (tf.getBackend() !== tfName) throw new Error(`Expected the backend ${tfName} to be initialized.`);
}
