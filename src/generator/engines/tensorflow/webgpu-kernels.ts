/**
 * The two operations of `Kernels` as WebGPU programs: a character then takes nine dispatches instead of about
 * forty, and a small network on a GPU spends its time on dispatches.
 */
import type * as webgpu from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { isPointwise, type PointwiseActivationName } from '../../model/activation-formulas.ts';
import { composedKernels, type Kernels } from './kernels.ts';
import { WGSL_FUNCTIONS, wgslActivation } from './wgsl-arithmetic.ts';

const WORKGROUP = 64;

/** A program that computes `rows x columns` values, one for each invocation. */
function program(
  name: string,
  variableNames: string[],
  outputShape: number[],
  uniforms: string,
  body: string,
  functions = '',
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
    getUserCode: () => `${functions}
  fn main(index: i32) {
    if (index >= uniforms.size) { return; }
    ${body}
  }`,
  };
}

/** The term added to one of the four gates at `row` and `unit`. */
const ADDEND = (isLookedUp: boolean, gate: number) =>
  isLookedUp ? ` + table[ids[row] * 4 * units + ${gate} * units + unit]` : '';

/** The activations of a cell, each of a single number. */
interface CellFunctions {
  readonly activation: PointwiseActivationName;
  readonly recurrentActivation: PointwiseActivationName;
}

function functionsOf({ activation, recurrentActivation }: CellFunctions): string {
  return [
    WGSL_FUNCTIONS,
    wgslActivation('activate', activation),
    wgslActivation('activateGate', recurrentActivation),
  ].join('');
}

function cellProgram(
  rows: number,
  units: number,
  isLookedUp: boolean,
  cell: CellFunctions,
): webgpu.WebGPUProgram {
  const z = (gate: number) => `gates[base + ${gate} * units]${ADDEND(isLookedUp, gate)}`;
  return program(
    `scifiCell_${isLookedUp}_${cell.activation}_${cell.recurrentActivation}`,
    ['gates', 'cell', ...(isLookedUp ? ['table', 'ids'] : [])],
    [rows, units],
    '',
    `let units = uniforms.outShape.y;
    let row = index / units;
    let unit = index % units;
    let base = row * 4 * units + unit;
    result[index] = activateGate(${z(1)}) * cell[index] + activateGate(${z(0)}) * activate(${z(2)});`,
    functionsOf(cell),
  );
}

function hiddenProgram(
  rows: number,
  units: number,
  isLookedUp: boolean,
  cell: CellFunctions,
): webgpu.WebGPUProgram {
  return program(
    `scifiHidden_${isLookedUp}_${cell.activation}_${cell.recurrentActivation}`,
    ['gates', 'cell', ...(isLookedUp ? ['table', 'ids'] : [])],
    [rows, units],
    '',
    `let units = uniforms.outShape.y;
    let row = index / units;
    let unit = index % units;
    let base = row * 4 * units + unit;
    result[index] = activateGate(gates[base + 3 * units]${ADDEND(isLookedUp, 3)}) * activate(cell[index]);`,
    functionsOf(cell),
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

export function webgpuKernels(
  backend: webgpu.WebGPUBackend,
  vocabularySize: number,
): Kernels & { dispose(): void } {
  const composed = composedKernels(vocabularySize);
  const run = (
    of: webgpu.WebGPUProgram,
    inputs: tf.Tensor[],
    dtype: 'float32' | 'int32',
    uniforms?: { type: string; data: number[] }[],
  ) => tf.engine().makeTensorFromTensorInfo(backend.runWebGPUProgram(of, inputs, dtype, uniforms));
  return {
    ...composed,
    lstmCell(gates, cell, lookup, { activation, recurrentActivation }) {
      // Each invocation computes one number and does not see the whole row.
      if (!isPointwise(activation) || !isPointwise(recurrentActivation)) {
        return composed.lstmCell(gates, cell, lookup, { activation, recurrentActivation });
      }
      const functions = { activation, recurrentActivation };
      const [rows, units] = cell.shape;
      const rest = lookup ? [lookup.table, lookup.ids] : [];
      const ofCell = cellProgram(rows, units, rest.length > 0, functions);
      const next = run(ofCell, [gates, cell, ...rest], 'float32');
      const ofHidden = hiddenProgram(rows, units, rest.length > 0, functions);
      const hidden = run(ofHidden, [gates, next, ...rest], 'float32');
      return { cell: next as tf.Tensor2D, hidden: hidden as tf.Tensor2D };
    },
    draw(logits, { inverseTemperatures, uniforms, step }) {
      const inputs = [logits, inverseTemperatures, uniforms];
      return run(drawProgram(logits.shape[0]), inputs, 'int32', [
        { type: 'int32', data: [step] },
      ]) as tf.Tensor1D;
    },
  };
}
