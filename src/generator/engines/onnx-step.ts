/** One step of a character model as an ONNX graph: ids and states in, logits and states out. */
import type { LstmLayer } from '../model/layers.ts';
import type { Model } from '../model/model.ts';
import { type PlainLstm, plainLstmOf } from '../model/plain-lstm.ts';
import { OnnxGraph } from './onnx-graph.ts';

/** The size that each call chooses: how many slots step together. */
const ROWS = 'rows';

/** Names of a layer's states as they go in and as they come out. */
export function stateNames(layer: number): {
  hidden: string;
  cell: string;
  newHidden: string;
  newCell: string;
} {
  return {
    hidden: `hidden_${layer}`,
    cell: `cell_${layer}`,
    newHidden: `new_hidden_${layer}`,
    newCell: `new_cell_${layer}`,
  };
}

/**
 * Builds the graph of `model.ts`'s formulas. Inputs: `ids` [rows] int32 and each layer's states [rows,
 * units]. Outputs: `logits` [rows, vocabulary size] and each layer's new states.
 *
 * Two products are saved against the formulas as written. What the first layer makes of a character depends
 * on nothing but the character, so it is one row of a table. And x kernel + h recurrentKernel is one product
 * of [x h] with the kernels stacked.
 *
 * @returns a serialized ONNX model
 */
export function buildStepGraph(model: Model): Uint8Array {
  const graph = new OnnxGraph();
  const plain = plainLstmOf(model);
  const { embedding, lstms: layers, dense } = plain;
  let below = graph.input('ids', 'int32', [ROWS]);
  layers.forEach((layer, i) => {
    const names = stateNames(i);
    const hidden = graph.input(names.hidden, 'float32', [ROWS, layer.units]);
    const cell = graph.input(names.cell, 'float32', [ROWS, layer.units]);
    const gates = i === 0 ? firstGates(graph, plain, below, hidden) : gatesOf(graph, layer, i, below, hidden);
    below = stepCell(graph, layer, i, gates, cell);
  });
  const units = layers.at(-1)!.units;
  const kernel = graph.constant('dense_kernel', [units, embedding.rows], dense.kernel);
  const bias = graph.constant('dense_bias', [embedding.rows], dense.bias);
  graph.node('Add', [graph.node('MatMul', [below, kernel]), bias], {}, 'logits');

  graph.output('logits', 'float32', [ROWS, embedding.rows]);
  layers.forEach((layer, i) => {
    graph.output(stateNames(i).newHidden, 'float32', [ROWS, layer.units]);
    graph.output(stateNames(i).newCell, 'float32', [ROWS, layer.units]);
  });
  return graph.toBytes();
}

/** z of the layer that reads characters: table[id] + h recurrentKernel. */
function firstGates(graph: OnnxGraph, model: PlainLstm, ids: string, hidden: string): string {
  const layer = model.lstms[0]!;
  const gates = 4 * layer.units;
  const table = graph.constant('table', [model.embedding.rows, gates], characterTable(model));
  const kernel = graph.constant('kernel_0', [layer.units, gates], layer.recurrentKernel);
  return graph.node('Add', [
    graph.node('MatMul', [hidden, kernel]),
    graph.node('Gather', [table, ids], { axis: 0 }),
  ]);
}

/** z of a layer above another: [x h] [kernel; recurrentKernel] + bias. */
function gatesOf(graph: OnnxGraph, layer: LstmLayer, i: number, below: string, hidden: string): string {
  const gates = 4 * layer.units;
  const stacked = new Float32Array(layer.kernel.length + layer.recurrentKernel.length);
  stacked.set(layer.kernel);
  stacked.set(layer.recurrentKernel, layer.kernel.length);
  const kernel = graph.constant(`kernel_${i}`, [layer.inputSize + layer.units, gates], stacked);
  const bias = graph.constant(`bias_${i}`, [gates], layer.bias);
  const inputs = graph.node('Concat', [below, hidden], { axis: 1 });
  return graph.node('Add', [graph.node('MatMul', [inputs, kernel]), bias]);
}

/** From z and c to the new states; returns the new hidden state. */
function stepCell(graph: OnnxGraph, layer: LstmLayer, i: number, gates: string, cell: string): string {
  const quarter = BigInt(layer.units);
  const quarters = graph.constant(`quarters_${i}`, [4], BigInt64Array.of(quarter, quarter, quarter, quarter));
  const [input, forget, candidate, output] = graph.nodes('Split', [gates, quarters], 4, { axis: 1 }) as [
    string,
    string,
    string,
    string,
  ];
  const names = stateNames(i);
  const kept = graph.node('Mul', [graph.node('Sigmoid', [forget]), cell]);
  const added = graph.node('Mul', [graph.node('Sigmoid', [input]), graph.node('Tanh', [candidate])]);
  const newCell = graph.node('Add', [kept, added], {}, names.newCell);
  return graph.node(
    'Mul',
    [graph.node('Sigmoid', [output]), graph.node('Tanh', [newCell])],
    {},
    names.newHidden,
  );
}

/**
 * embedding x kernel + bias of the first layer, [vocabulary size, 4 * units]: summed in float64 and rounded
 * once, so it is nearer to the formula than the product at run time would be.
 */
function characterTable({ embedding, lstms }: PlainLstm): Float32Array {
  const { kernel, bias, units } = lstms[0]!;
  const gates = 4 * units;
  const table = new Float32Array(embedding.rows * gates);
  const sums = new Float64Array(gates);
  for (let id = 0; id < embedding.rows; id++) {
    sums.set(bias);
    for (let column = 0; column < embedding.columns; column++) {
      const value = embedding.matrix[id * embedding.columns + column]!;
      const row = column * gates;
      for (let gate = 0; gate < gates; gate++) sums[gate]! += value * kernel[row + gate]!;
    }
    table.set(sums, id * gates);
  }
  return table;
}
