/**
 * The arithmetic of activations as nodes of an ONNX graph. ONNX Runtime's own Log, Softplus, Elu, Selu, Celu
 * and ReduceSum round a number differently at the end of a tensor than in its middle, so the result depends
 * on the neighbouring numbers; none of them is used here. The operators used here were tested to give a row
 * the same bits whatever the other rows are.
 */
import type { Arithmetic } from '../model/activation-formulas.ts';
import { DATA_TYPES, type OnnxGraph } from './onnx-graph.ts';

const LAST_AXIS = -1;

/**
 * Values are names of tensors whose last axis holds a row's numbers; `columns` is that axis's length, where
 * an operation needs it.
 */
export function onnxArithmetic(graph: OnnxGraph, columns: number): Arithmetic<string> {
  const binary = (operator: string) => (a: string, b: string | number) =>
    graph.node(operator, [a, typeof b === 'number' ? graph.scalar(b) : b]);
  const unary = (operator: string) => (x: string) => graph.node(operator, [x]);
  const along = (operator: string) => (x: string) => graph.node(operator, [x], { axis: LAST_AXIS });
  return {
    add: binary('Add'),
    subtract: binary('Sub'),
    multiply: binary('Mul'),
    divide: binary('Div'),
    max: binary('Max'),
    min: binary('Min'),
    abs: unary('Abs'),
    exp: unary('Exp'),
    sqrt: unary('Sqrt'),
    tanh: unary('Tanh'),
    sigmoid: unary('Sigmoid'),
    erf: unary('Erf'),
    /** -ln of the softmax of x and 0, at 0. */
    softplus(x) {
      const beside = graph.node('Unsqueeze', [x, graph.integers(LAST_AXIS)]);
      const pair = graph.node('Concat', [beside, graph.node('Mul', [beside, graph.scalar(0)])], {
        axis: LAST_AXIS,
      });
      const logarithms = graph.node('LogSoftmax', [pair], { axis: LAST_AXIS });
      return graph.node('Neg', [graph.node('Gather', [logarithms, graph.index(1)], { axis: LAST_AXIS })]);
    },
    above: (x, bound) =>
      graph.node('Cast', [graph.node('Greater', [x, graph.scalar(bound)])], { to: DATA_TYPES.float32 }),
    softmax: along('Softmax'),
    logSoftmax: along('LogSoftmax'),
    sortDescending: (x) => graph.nodes('TopK', [x, graph.integers(columns)], 2)[0]!,
    cumulativeSum: (x) => graph.node('CumSum', [x, graph.index(LAST_AXIS)]),
    divideByRank: (x) =>
      graph.node('Div', [
        x,
        graph.weights(
          [columns],
          Float32Array.from({ length: columns }, (_, i) => i + 1),
        ),
      ]),
    rowMax: (x) => graph.node('ReduceMax', [x], { axes: [LAST_AXIS] }),
    halves(x) {
      const [first, second] = graph.nodes('Split', [x], 2, { axis: LAST_AXIS });
      return [first!, second!];
    },
  };
}
