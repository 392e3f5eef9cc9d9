import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kernel } from '../../../../src/generator/engines/integer/kernel.ts';
import { createEngineMemory } from '../../../../src/generator/engines/integer/memory.ts';
import { type IntegerPlan, UnplannedModelError } from '../../../../src/generator/engines/integer/plan.ts';

const UNITS = 4_096;
const CAPACITY = 64;
const none = new Float32Array(0);

/** Bytes of a layer above the first: its structure; weights; three numbers a column; two hidden states and the cells. */
const LAYER_BYTES = 4 * 8 + 2 * UNITS * 4 * UNITS + 3 * 4 * (4 * UNITS) + CAPACITY * (2 + 4) * UNITS;

/** The layout needs the sizes only. */
function planOf(layers: number): IntegerPlan {
  const layer = { units: UNITS, firstInput: 0, inputKernel: none, recurrentKernel: none, bias: none };
  return {
    vocabularySize: 20,
    table: none,
    layers: Array.from({ length: layers }, () => layer),
    output: { firstInput: 0, kernel: none, bias: none },
  };
}

/** The bytes that are asked of a kernel, which gives none. */
function bytesFor(layers: number, reserved = 0): number {
  let asked = 0;
  const kernel = {
    ...{ name: 'none', lanes: 16, gates: 4, thread: { kind: 'native', file: '', index: 0 } as const },
    reserved: () => reserved,
    createMemory(bytes: number): never {
      asked = bytes;
      throw new RangeError('no memory');
    },
    attach: () => () => 0,
  } satisfies Kernel;
  const sizes = { capacity: CAPACITY, steps: 16, threads: 2, sets: 64 };
  assert.throws(
    () => createEngineMemory(kernel, planOf(layers), sizes, 2),
    (error) => {
      if (error instanceof UnplannedModelError) throw error;
      return error instanceof RangeError;
    },
  );
  return asked;
}

test('a memory has exactly as many bytes as the offsets of a kernel reach, or fewer', () => {
  const two = bytesFor(2);
  assert.equal(bytesFor(4) - two, 2 * LAYER_BYTES);
  const layers = 2 + Math.floor((2 ** 32 - two) / LAYER_BYTES);
  const free = 2 ** 32 - bytesFor(layers);
  // What a kernel reserves is rounded up to whole lines, and one line is before the first array anyway.
  const most = Math.floor(free / 64) * 64 + 64;
  const full = bytesFor(layers, most);
  assert.ok(full <= 2 ** 32 && full > 2 ** 32 - 64, String(full));
  const refused = (error: Error) =>
    error instanceof UnplannedModelError &&
    /^with a capacity of 64 it takes 4\.\d GiB, more than 4$/.test(error.reason);
  assert.throws(() => bytesFor(layers, most + 64), refused);
  assert.throws(() => bytesFor(layers + 1), refused);
});
