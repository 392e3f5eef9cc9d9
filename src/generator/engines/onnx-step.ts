/** One step of a character model as an ONNX graph: ids and states in, logits and states out. */
import { isRowLayer } from '../model/float64.ts';
import { outputSize, stateCount } from '../model/layers.ts';
import type { Model } from '../model/model.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { recurrentStep, rowLayer, type Source } from './onnx-layers.ts';
import { tabled } from './tabled-model.ts';

/** The size that each call chooses: the number of slots in the step. */
const ROWS = 'rows';

/** One state of one layer: its size and the names of its input and output. */
export interface StateSpec {
  readonly input: string;
  readonly output: string;
  readonly units: number;
}

/** All states of a model, from the lowest layer to the highest. */
export function stateSpecs({ layers }: Pick<Model, 'layers'>): StateSpec[] {
  const memories = layers.filter((layer) => layer.kind === 'lstm' || layer.kind === 'gru');
  return memories.flatMap(({ kind, units }, i) =>
    (kind === 'lstm' ? ['hidden', 'cell'] : ['hidden']).map((state) => {
      const input = `${state}_${i}`;
      return { input, output: `new_${input}`, units };
    }),
  );
}

/**
 * Builds the graph of a model whose layers all read forwards. Inputs: `ids` [rows] int32 and each layer's
 * states [rows, units], named `hidden_0`, `cell_0`, `hidden_1` and so on. Outputs: `logits` [rows, vocabulary
 * size] and the new states under the same names with the prefix `new_`.
 *
 * @returns a serialized ONNX model
 */
export function buildStepGraph(model: Model): Uint8Array {
  const graph = new OnnxGraph();
  const { table, layers } = tabled(model);
  const size = model.vocabulary.size;
  const ids = graph.input('ids', 'int32', [ROWS]);
  const rows = graph.constant('table', [size, table.columns], table.values);
  const lookedUp = graph.node('Gather', [rows, ids], { axis: 0 });

  const specs = stateSpecs(model);
  const states = specs.map(({ input, units }) => graph.input(input, 'float32', [ROWS, units]));
  const after: string[] = [];
  let source: Source = { gates: lookedUp };
  let top = lookedUp;
  let columns = table.columns;
  for (const layer of layers) {
    if (isRowLayer(layer)) {
      top = rowLayer(graph, layer, top, columns);
    } else if (layer.kind === 'bidirectional') {
      throw new TypeError('Expected layers that read forwards, got a bidirectional one.');
    } else {
      const before = states.slice(after.length, after.length + stateCount(layer));
      const next = recurrentStep(graph, layer, source, before);
      after.push(...next);
      top = layer.residual && 'inputs' in source ? graph.node('Add', [source.inputs, next[0]!]) : next[0]!;
    }
    columns = outputSize(layer, columns);
    source = { inputs: top };
  }
  graph.output('logits', top, 'float32', [ROWS, size]);
  specs.forEach(({ output, units }, i) => {
    graph.output(output, after[i]!, 'float32', [ROWS, units]);
  });
  return graph.toBytes();
}
