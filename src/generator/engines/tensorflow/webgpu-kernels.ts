/**
 * The network's two steps as WebGPU programs: a character then costs nine dispatches instead of some forty,
 * and on a GPU it is dispatches that a small network spends its time on.
 */
import type * as webgpu from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Kernels } from './kernels.ts';

const WORKGROUP = 64;

/** exp(-2 |x|) cannot overflow, which `tanh` of some drivers does. */
const FUNCTIONS = `
  fn gate(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
  fn squash(x: f32) -> f32 { let e = exp(-2.0 * abs(x)); return sign(x) * (1.0 - e) / (1.0 + e); }`;

/** A program that computes `rows x columns` values, one to an invocation. */
function program(
  name: string,
  variableNames: string[],
  outputShape: number[],
  uniforms: string,
  body: string,
): webgpu.WebGPUProgram {
  const size = outputShape.reduce((product, length) => product * length, 1);
  return {
    variableNames,
    outputShape,
    uniforms,
    // Dispatched in one dimension, flat over the output.
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(size / WORKGROUP), 1, 1],
    workgroupSize: [WORKGROUP, 1, 1],
    size: true,
    shaderKey: name,
    getUserCode: () => `${FUNCTIONS}
  fn main(index: i32) {
    if (index >= uniforms.size) { return; }
    ${body}
  }`,
  };
}

/** What is added to one of the four gates at `row` and `unit`. */
const ADDEND = (isLookedUp: boolean, gate: number) =>
  isLookedUp ? ` + table[ids[row] * 4 * units + ${gate} * units + unit]` : '';

function cellProgram(rows: number, units: number, isLookedUp: boolean): webgpu.WebGPUProgram {
  const z = (gate: number) => `gates[base + ${gate} * units]${ADDEND(isLookedUp, gate)}`;
  return program(
    `scifiCell_${isLookedUp}`,
    ['gates', 'cell', ...(isLookedUp ? ['table', 'ids'] : [])],
    [rows, units],
    '',
    `let units = uniforms.outShape.y;
    let row = index / units;
    let unit = index % units;
    let base = row * 4 * units + unit;
    result[index] = gate(${z(1)}) * cell[index] + gate(${z(0)}) * squash(${z(2)});`,
  );
}

function hiddenProgram(rows: number, units: number, isLookedUp: boolean): webgpu.WebGPUProgram {
  return program(
    `scifiHidden_${isLookedUp}`,
    ['gates', 'cell', ...(isLookedUp ? ['table', 'ids'] : [])],
    [rows, units],
    '',
    `let units = uniforms.outShape.y;
    let row = index / units;
    let unit = index % units;
    let base = row * 4 * units + unit;
    result[index] = gate(gates[base + 3 * units]${ADDEND(isLookedUp, 3)}) * squash(cell[index]);`,
  );
}

function drawProgram(rows: number): webgpu.WebGPUProgram {
  return program(
    'scifiDraw',
    ['logits', 'inverseTemperatures', 'draws'],
    [rows],
    'step : i32,',
    `let rows = uniforms.outShape;
    let size = uniforms.logitsShape.y;
    let base = index * size;
    var likeliest = logits[base];
    for (var id = 1; id < size; id++) { likeliest = max(likeliest, logits[base + id]); }
    let inverse = inverseTemperatures[index];
    var total = 0.0;
    for (var id = 0; id < size; id++) { total += exp((logits[base + id] - likeliest) * inverse); }
    let target_ = draws[uniforms.step * rows + index] * total;
    var passed = 0.0;
    var drawn = 0;
    for (var id = 0; id < size; id++) {
      passed += exp((logits[base + id] - likeliest) * inverse);
      drawn += select(0, 1, passed <= target_);
    }
    result[index] = min(drawn, size - 1);`,
  );
}

export function webgpuKernels(backend: webgpu.WebGPUBackend): Kernels & { dispose(): void } {
  const run = (
    of: webgpu.WebGPUProgram,
    inputs: tf.Tensor[],
    dtype: 'float32' | 'int32',
    uniforms?: { type: string; data: number[] }[],
  ) => tf.engine().makeTensorFromTensorInfo(backend.runWebGPUProgram(of, inputs, dtype, uniforms));
  return {
    lstmCell(gates, cell, lookup) {
      const [rows, units] = cell.shape;
      const rest = lookup ? [lookup.table, lookup.ids] : [];
      const next = run(cellProgram(rows, units, rest.length > 0), [gates, cell, ...rest], 'float32');
      const hidden = run(hiddenProgram(rows, units, rest.length > 0), [gates, next, ...rest], 'float32');
      return { cell: next as tf.Tensor2D, hidden: hidden as tf.Tensor2D };
    },
    draw(logits, { inverseTemperatures, uniforms, step }) {
      const inputs = [logits, inverseTemperatures, uniforms];
      return run(drawProgram(logits.shape[0]), inputs, 'int32', [
        { type: 'int32', data: [step] },
      ]) as tf.Tensor1D;
    },
    dispose() {},
  };
}
