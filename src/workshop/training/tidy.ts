/** Runs tensor operations without leaks, and reads numbers from tensors. */
import * as tf from '@tensorflow/tfjs-core';

/** `tf.tidy` for results that hold their tensors in maps, arrays and objects. */
export function inTidy<T extends object>(work: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = work();
    const kept: tf.Tensor[] = [];
    const collect = (value: unknown): void => {
      if (value instanceof tf.Tensor) kept.push(value);
      else if (value instanceof Map) for (const inner of value.values()) collect(inner);
      else if (typeof value === 'object' && value !== null)
        for (const inner of Object.values(value)) collect(inner);
    };
    collect(result);
    return kept;
  });
  return result!;
}

/** The number in a scalar, which this call disposes of. */
export async function numberIn(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}
