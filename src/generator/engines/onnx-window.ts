/** A pass of a character model over a whole window as an ONNX graph: ids in, logits of the next id out. */
import { isRowLayer } from '../model/float64.ts';
import { type BidirectionalLayer, outputSize, type RecurrentLayer, stateCount } from '../model/layers.ts';
import type { Model } from '../model/model.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { gatesOfInputs, recurrentStep, rowLayer } from './onnx-layers.ts';
import { inputBias, tabled } from './tabled-model.ts';

/** The sizes that each call chooses: the length of the longest window, and the number of windows. */
const STEPS = 'steps';
const ROWS = 'rows';

type Direction = 'forward' | 'backward';

/**
 * Builds the graph of any model. Every window ends at the last step, so a shorter window starts later.
 * Inputs: `ids` [steps, rows] int32, and `valid` [steps, rows, 1] bool, false before the start of a window.
 * Output: `logits` [rows, vocabulary size].
 *
 * @returns a serialized ONNX model
 */
export function buildWindowGraph(model: Model): Uint8Array {
  const graph = new OnnxGraph();
  const { table, backwardTable, layers } = tabled(model);
  const size = model.vocabulary.size;
  const ids = graph.input('ids', 'int32', [STEPS, ROWS]);
  const valid = graph.input('valid', 'bool', [STEPS, ROWS, 1]);
  const lookUp = ({ columns, values }: typeof table) =>
    graph.node('Gather', [graph.weights([size, columns], values), ids], { axis: 0 });
  const reader = new WindowReader(graph, valid, ids);

  // [steps, rows, columns]; from the last recurrent layer on [1, rows, columns]: only the last step.
  let top = lookUp(table);
  let columns = table.columns;
  const lastMemory = layers.findLastIndex((layer) => !isRowLayer(layer));
  layers.forEach((layer, i) => {
    if (isRowLayer(layer)) {
      top = rowLayer(graph, layer, top, columns);
    } else {
      const gatesFor = (half: RecurrentLayer, direction: Direction) => {
        if (i > 0) return gatesOfInputs(graph, half, top);
        return direction === 'backward' && backwardTable ? lookUp(backwardTable) : top;
      };
      const isLast = i === lastMemory;
      if (layer.kind === 'bidirectional') {
        top = reader.readBothWays(layer, gatesFor, isLast);
      } else {
        const hidden = reader.read(layer, gatesFor(layer, 'forward'), 'forward', isLast);
        const inputs = layer.residual && isLast ? reader.lastStep(top) : top;
        top = layer.residual ? graph.node('Add', [inputs, hidden]) : hidden;
      }
    }
    columns = outputSize(layer, columns);
  });
  if (lastMemory < 0) top = reader.lastStep(top);
  graph.output('logits', graph.node('Squeeze', [top, graph.integers(0)]), 'float32', [ROWS, size]);
  return graph.toBytes();
}

/** Adds loops over the steps of windows to a graph. */
class WindowReader {
  readonly #graph: OnnxGraph;
  readonly #valid: string;
  /** Number of windows: [1] int64. */
  readonly #rows: string;
  #loops = 0;

  constructor(graph: OnnxGraph, valid: string, ids: string) {
    this.#graph = graph;
    this.#valid = valid;
    this.#rows = graph.node('Gather', [graph.node('Shape', [ids]), graph.integers(1)], { axis: 0 });
  }

  /** [steps, rows, columns] to [1, rows, columns] */
  lastStep(x: string): string {
    return this.#graph.node('Gather', [x, this.#graph.integers(-1)], { axis: 0 });
  }

  readBothWays(
    { forward, backward, merge }: BidirectionalLayer,
    gatesFor: (half: RecurrentLayer, direction: Direction) => string,
    isLast: boolean,
  ): string {
    const graph = this.#graph;
    const halves = [
      this.read(forward, gatesFor(forward, 'forward'), 'forward', isLast),
      this.read(backward, gatesFor(backward, 'backward'), 'backward', isLast),
    ];
    switch (merge) {
      case 'concat':
        return graph.node('Concat', halves, { axis: -1 });
      case 'sum':
        return graph.node('Add', halves);
      case 'mul':
        return graph.node('Mul', halves);
      case 'ave':
        return graph.node('Mul', [graph.node('Add', halves), graph.scalar(0.5)]);
    }
  }

  /**
   * A recurrent layer over all steps, from cleared states.
   *
   * @param gates the inputs' contribution to its gates, [steps, rows, gates]
   * @param isLast whether only the last step is needed, which a layer that reads backwards reads first
   * @returns its hidden states, [steps, rows, units] or [1, rows, units]
   */
  read(layer: RecurrentLayer, gates: string, direction: Direction, isLast: boolean): string {
    const graph = this.#graph;
    const count = stateCount(layer);
    const isBackward = direction === 'backward';
    const shape = graph.node('Concat', [this.#rows, graph.integers(layer.units)], { axis: 0 });
    const fresh = new Array<string>(count).fill(graph.node('ConstantOfShape', [shape]));
    const scanned = isBackward ? [isLast ? this.lastStep(gates) : gates] : [gates, this.#valid];
    const directions = scanned.map(() => (isBackward ? 1 : 0));
    const outputs = graph.nodes('Scan', [...fresh, ...scanned], count + 1, {
      body: this.#body(layer, direction),
      num_scan_inputs: scanned.length,
      scan_input_directions: directions,
      scan_output_directions: directions.slice(0, 1),
    });
    const hidden = outputs[count]!;
    return isLast && !isBackward ? this.lastStep(hidden) : hidden;
  }

  /** One step of a loop. When the layer reads forwards, the states stay cleared until the window starts. */
  #body(layer: RecurrentLayer, direction: Direction): OnnxGraph {
    const prefix = `loop_${this.#loops++}_`;
    const body = new OnnxGraph(prefix);
    const states = Array.from({ length: stateCount(layer) }, (_, i) =>
      body.input(`${prefix}state_${i}`, 'float32', [ROWS, layer.units]),
    );
    const gates = body.input(`${prefix}gates`, 'float32', [ROWS, inputBias(layer).length]);
    let next = recurrentStep(body, layer, { gates }, states);
    if (direction === 'forward') {
      const valid = body.input(`${prefix}valid`, 'bool', [ROWS, 1]);
      next = next.map((state, i) => body.node('Where', [valid, state, states[i]!]));
    }
    next.forEach((state, i) => {
      body.output(`${prefix}next_${i}`, state, 'float32', [ROWS, layer.units]);
    });
    body.output(`${prefix}hidden`, next[0]!, 'float32', [ROWS, layer.units]);
    return body;
  }
}
