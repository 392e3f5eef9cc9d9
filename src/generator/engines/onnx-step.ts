/** One step of a character model as an ONNX graph: ids and states in, logits and states out. */
import { isRowLayer } from '../model/float64.ts';
import { outputSize } from '../model/layers.ts';
import type { Model } from '../model/model.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { recurrentStep, rowLayer, type Source } from './onnx-layers.ts';
import { tabled } from './tabled-model.ts';

/** The size that each call chooses: how many slots step together. */
const ROWS = 'rows';

/** One state of one layer, by the names under which it goes in and comes out. */
export interface StateSpec {
  readonly input: string;
  readonly output: string;
  readonly units: number;
}

export interface StepGraph {
  /** A serialized ONNX model. */
  readonly bytes: Uint8Array;
  readonly states: readonly StateSpec[];
}

/**
 * Builds the graph of a model whose layers all read forwards. Inputs: `ids` [rows] int32 and each layer's states
 * [rows, units], called `hidden_0`, `cell_0`, `hidden_1` and so on. Outputs: `logits` [rows, vocabulary size] and
 * the new states under the same names with `new_` before them.
 */
export function buildStepGraph(model: Model): StepGraph {
  const graph = new OnnxGraph();
  const { table, layers } = tabled(model);
  const size = model.vocabulary.size;
  const ids = graph.input('ids', 'int32', [ROWS]);
  const rows = graph.constant('table', [size, table.columns], table.values);
  const lookedUp = graph.node('Gather', [rows, ids], { axis: 0 });

  const states: (StateSpec & { readonly value: string })[] = [];
  let source: Source = { gates: lookedUp };
  let top = lookedUp;
  let columns = table.columns;
  let memories = 0;
  for (const layer of layers) {
    if (isRowLayer(layer)) {
      top = rowLayer(graph, layer, top, columns);
    } else if (layer.kind === 'bidirectional') {
      throw new TypeError('Expected layers that read forwards, got a bidirectional one.');
    } else {
      const { units } = layer;
      const names = (layer.kind === 'lstm' ? ['hidden', 'cell'] : ['hidden']).map(
        (name) => `${name}_${memories}`,
      );
      const before = names.map((name) => graph.input(name, 'float32', [ROWS, units]));
      const after = recurrentStep(graph, layer, source, before);
      names.forEach((input, i) => {
        states.push({ input, output: `new_${input}`, units, value: after[i]! });
      });
      top = after[0]!;
      memories += 1;
    }
    columns = outputSize(layer, columns);
    source = { inputs: top };
  }
  graph.output('logits', top, 'float32', [ROWS, size]);
  for (const { output, value, units } of states) graph.output(output, value, 'float32', [ROWS, units]);
  return { bytes: graph.toBytes(), states };
}
