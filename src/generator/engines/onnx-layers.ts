/**
 * The layers of a model as nodes of an ONNX graph. Rows are the last axis but one; an axis of steps may
 * precede them.
 */
import { type ActivationName, activate } from '../model/activation-formulas.ts';
import { type RowLayer, scaleAndShift } from '../model/float64.ts';
import type { GruLayer, LstmLayer, RecurrentLayer } from '../model/layers.ts';
import { onnxArithmetic } from './onnx-arithmetic.ts';
import type { OnnxGraph } from './onnx-graph.ts';
import { columnsOf, inputBias, stackedKernel } from './tabled-model.ts';

/** A layer without state; each row has `inputSize` numbers. */
export function rowLayer(graph: OnnxGraph, layer: RowLayer, x: string, inputSize: number): string {
  switch (layer.kind) {
    case 'dense':
      return activation(graph, layer.activation, affine(graph, x, layer.kernel, layer.bias), layer.units);
    case 'batch_normalization': {
      const { scale, shift } = scaleAndShift(layer);
      const scaled = graph.node('Mul', [x, graph.weights([layer.size], Float32Array.from(scale))]);
      return graph.node('Add', [scaled, graph.weights([layer.size], Float32Array.from(shift))]);
    }
    case 'activation':
      return activation(graph, layer.activation, x, inputSize);
  }
}

function activation(graph: OnnxGraph, name: ActivationName, x: string, columns: number): string {
  return activate(onnxArithmetic(graph, columns), name, x);
}

/**
 * Inputs of a recurrent layer: their contribution to the gates, already computed, or the inputs themselves.
 */
export type Source = { readonly gates: string } | { readonly inputs: string };

/**
 * One step of a recurrent layer.
 *
 * @param states [rows, units] each: hidden, and for an LSTM cell
 * @returns the new states
 */
export function recurrentStep(
  graph: OnnxGraph,
  layer: RecurrentLayer,
  source: Source,
  states: readonly string[],
): string[] {
  return layer.kind === 'lstm'
    ? lstmStep(graph, layer, source, states[0]!, states[1]!)
    : [gruStep(graph, layer, source, states[0]!)];
}

/** The inputs' contribution to a layer's gates: x kernel + bias. */
export function gatesOfInputs(graph: OnnxGraph, layer: RecurrentLayer, inputs: string): string {
  const bias = inputBias(layer);
  return affine(graph, inputs, layer.kernel, bias);
}

function lstmStep(graph: OnnxGraph, layer: LstmLayer, source: Source, hidden: string, cell: string) {
  const { units } = layer;
  const gate = (x: string) => activation(graph, layer.recurrentActivation, x, units);
  const squash = (x: string) => activation(graph, layer.activation, x, units);
  const [input, forget, candidate, output] = split(graph, lstmGates(graph, layer, source, hidden), 4, units);
  const kept = graph.node('Mul', [gate(forget!), cell]);
  const added = graph.node('Mul', [gate(input!), squash(candidate!)]);
  const newCell = graph.node('Add', [kept, added]);
  return [graph.node('Mul', [gate(output!), squash(newCell)]), newCell];
}

/** z of an LSTM. x kernel + h recurrentKernel is one product, of [x h] with the kernels stacked. */
function lstmGates(graph: OnnxGraph, layer: LstmLayer, source: Source, hidden: string): string {
  if ('gates' in source) {
    return graph.node('Add', [multiply(graph, hidden, layer.recurrentKernel, layer.units), source.gates]);
  }
  const both = graph.node('Concat', [source.inputs, hidden], { axis: 1 });
  return affine(graph, both, stackedKernel(layer), layer.bias);
}

function gruStep(graph: OnnxGraph, layer: GruLayer, source: Source, hidden: string): string {
  const { units, recurrentKernel, resetAfter } = layer;
  const gate = (a: string, b: string) =>
    activation(graph, layer.recurrentActivation, graph.node('Add', [a, b]), units);
  const fromInputs = 'gates' in source ? source.gates : gatesOfInputs(graph, layer, source.inputs);
  const [updateOfInputs, resetOfInputs, candidateOfInputs] = split(graph, fromInputs, 3, units);
  let update: string;
  let candidateOfState: string;
  if (resetAfter) {
    const fromState = affine(graph, hidden, recurrentKernel, layer.bias.subarray(3 * units));
    const [updateOfState, resetOfState, candidate] = split(graph, fromState, 3, units);
    update = gate(updateOfInputs!, updateOfState!);
    candidateOfState = graph.node('Mul', [gate(resetOfInputs!, resetOfState!), candidate!]);
  } else {
    const kernels = {
      gates: columnsOf(recurrentKernel, units, 0, 2),
      candidate: columnsOf(recurrentKernel, units, 2, 3),
    };
    const [updateOfState, resetOfState] = split(
      graph,
      multiply(graph, hidden, kernels.gates, units),
      2,
      units,
    );
    update = gate(updateOfInputs!, updateOfState!);
    const reset = graph.node('Mul', [gate(resetOfInputs!, resetOfState!), hidden]);
    candidateOfState = multiply(graph, reset, kernels.candidate, units);
  }
  const candidate = activation(
    graph,
    layer.activation,
    graph.node('Add', [candidateOfInputs!, candidateOfState]),
    units,
  );
  const kept = graph.node('Mul', [update, hidden]);
  const replaced = graph.node('Mul', [graph.node('Sub', [graph.scalar(1), update]), candidate]);
  return graph.node('Add', [kept, replaced]);
}

/** x kernel; the kernel has `rows` rows. */
function multiply(graph: OnnxGraph, x: string, kernel: Float32Array, rows: number): string {
  return graph.node('MatMul', [x, graph.weights([rows, kernel.length / rows], kernel)]);
}

/** x kernel + bias */
function affine(graph: OnnxGraph, x: string, kernel: Float32Array, bias: Float32Array): string {
  const product = multiply(graph, x, kernel, kernel.length / bias.length);
  return graph.node('Add', [product, graph.weights([bias.length], bias)]);
}

/** Splits the concatenated gates, `units` numbers each. */
function split(graph: OnnxGraph, x: string, gates: number, units: number): string[] {
  const sizes = graph.integers(...new Array<number>(gates).fill(units));
  return graph.nodes('Split', [x, sizes], gates, { axis: 1 });
}
