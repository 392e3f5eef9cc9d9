/**
 * Tries a kernel on a small network with known results: a processor, a compiler or a WebAssembly engine that
 * computes anything else must not write stories. No `node:` imports.
 */
import { uniformAt } from '../../sampler.ts';
import type { Row } from '../engine.ts';
import type { Kernel } from './kernel.ts';
import { createEngineMemory } from './memory.ts';
import type { IntegerPlan } from './plan.ts';

/** The digest of the results; test/generator/engines/integer/kernels.test.ts computes it in TypeScript. */
export const KNOWN_DIGEST = 4_281_680_228;

/** Enough rows for tiles of every size. */
const KNOWN_ROWS = 15;
export const KNOWN_STEPS = 12;
const VOCABULARY = 21;
const LAYER_UNITS = [32, 48, 48];

/** A network with weights from the counter-based generator; its top layers are a residual stack. */
export function knownPlan(): IntegerPlan {
  let position = 0;
  const weights = (length: number, scale: number) =>
    Float32Array.from({ length }, () => (uniformAt(7, position++, 0) * 2 - 1) * scale);
  const layers = LAYER_UNITS.map((units, i) => ({
    units,
    firstInput: i === 2 ? 1 : Math.max(0, i - 1),
    inputKernel: weights(i === 0 ? 0 : LAYER_UNITS[i - 1]! * 4 * units, 1),
    recurrentKernel: weights(units * 4 * units, 1),
    bias: weights(i === 0 ? 0 : 4 * units, 2),
  }));
  return {
    vocabularySize: VOCABULARY,
    table: weights(VOCABULARY * 4 * LAYER_UNITS[0]!, 6),
    layers,
    output: { firstInput: 1, kernel: weights(LAYER_UNITS[2]! * VOCABULARY, 1), bias: weights(VOCABULARY, 1) },
  };
}

/** The rows of the known decode. */
export function knownRows(): Row[] {
  return Array.from({ length: KNOWN_ROWS }, (_, slot) => ({
    slot,
    feed: [slot],
    temperature: 0.5 + slot / 10,
    ...(slot % 3 === 0 ? { minP: 0.05 } : {}),
    uniforms: Array.from({ length: KNOWN_STEPS }, (_, step) => uniformAt(slot, step, 1)),
  }));
}

/** The 32-bit digest of Fowler, Noll and Vo (FNV-1a). */
export function digestOf(arrays: readonly (Float32Array | Int32Array)[]): number {
  let hash = 0x811c_9dc5;
  for (const array of arrays) {
    for (const byte of new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x0100_0193);
    }
  }
  return hash >>> 0;
}

/**
 * Whether a kernel gives the known results, both by rows and by units: the digest of the drawn ids, then each
 * slot's logits.
 */
export function isExact(kernel: Kernel): boolean {
  const sizes = { capacity: KNOWN_ROWS, steps: KNOWN_STEPS, threads: 1, sets: 1 };
  const { network, jobs, memory, views } = createEngineMemory(kernel, knownPlan(), sizes);
  const [job] = jobs;
  const decode = kernel.attach(memory, 0);
  return [KNOWN_ROWS, 0].every((rowsEach) => {
    for (let slot = 0; slot < KNOWN_ROWS; slot++) network.clear(views, slot, 0);
    const options = { steps: KNOWN_STEPS, draws: true, threads: 1, rowsEach };
    job.write(views, knownRows(), new Uint8Array(KNOWN_ROWS), options);
    decode(network.at, job.at);
    const logits = Array.from({ length: KNOWN_ROWS }, (_, slot) => network.logitsOf(views, slot));
    return digestOf([job.drawn(views, KNOWN_ROWS, KNOWN_STEPS), ...logits]) === KNOWN_DIGEST;
  });
}
