/** The network in float64, written from its formulas; it uses only the types of the sources. */
import type { Layer, RecurrentLayer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { REFERENCE_ACTIVATIONS } from './activation-reference.ts';

type Row = number[];
/** The state of a recurrent layer. */
interface State {
  h: Row;
  c: Row;
}

/** A sequence that reads text. */
export class Reference {
  readonly #model: Model;
  /** Ids of the window; only a model with a bidirectional layer reads windows. */
  readonly #window: number[] = [];
  readonly #states: readonly (State | undefined)[];

  constructor(model: Model) {
    this.#model = model;
    this.#states = model.layers.map((layer) =>
      layer.kind === 'lstm' || layer.kind === 'gru' ? freshState(layer.units) : undefined,
    );
  }

  /** Reads one id; returns the logits of what follows. */
  step(id: number): Row {
    const { layers, reading } = this.#model;
    if (!layers.some(({ kind }) => kind === 'bidirectional')) {
      let rows: Row[] = [[id]];
      layers.forEach((layer, i) => {
        rows = through(layer, rows, this.#states[i]);
      });
      return rows[0]!;
    }
    if (reading.kind !== 'window') throw new Error('Expected a bidirectional model to read windows.');
    this.#window.push(id);
    let rows = this.#window.slice(-reading.characters).map((seen) => [seen]);
    for (const layer of layers) rows = through(layer, rows);
    return rows.at(-1)!;
  }
}

/** The outputs of a layer for consecutive rows. */
function through(layer: Layer, rows: Row[], state?: State): Row[] {
  switch (layer.kind) {
    case 'embedding':
      return rows.map(([id]) => [...layer.matrix.subarray(id! * layer.columns, (id! + 1) * layer.columns)]);
    case 'one_hot':
      return rows.map(([id]) => Array.from({ length: layer.size }, (_, i) => (i === id ? 1 : 0)));
    case 'lstm':
    case 'gru': {
      const carried = state ?? freshState(layer.units);
      return rows.map((x) => {
        const hidden = cell(layer, x, carried);
        return layer.residual ? plus(x, hidden) : hidden;
      });
    }
    case 'bidirectional': {
      const forward = through(layer.forward, rows);
      const backward = through(layer.backward, rows.toReversed()).toReversed();
      return forward.map((a, t) => merged(layer.merge, a, backward[t]!));
    }
    case 'batch_normalization': {
      const { gamma, beta, mean, variance, epsilon } = layer;
      return rows.map((x) =>
        x.map((value, i) => (gamma[i]! * (value - mean[i]!)) / Math.sqrt(variance[i]! + epsilon) + beta[i]!),
      );
    }
    case 'dense':
      return rows.map((x) => {
        const sums = plus(product(x, layer.kernel, layer.units), layer.bias);
        return REFERENCE_ACTIVATIONS[layer.activation](sums);
      });
    case 'activation':
      return rows.map(REFERENCE_ACTIVATIONS[layer.activation]);
  }
}

/** Reads a row; updates the state and returns the new hidden one. */
function cell(layer: RecurrentLayer, x: Row, state: State): Row {
  const { units, kernel, recurrentKernel, bias } = layer;
  const act = REFERENCE_ACTIVATIONS[layer.activation];
  const rec = REFERENCE_ACTIVATIONS[layer.recurrentActivation];
  const part = (row: ArrayLike<number>, gate: number) =>
    Array.from({ length: units }, (_, u) => row[gate * units + u]!);
  const { h, c } = state;
  if (layer.kind === 'lstm') {
    const z = plus(plus(product(x, kernel, 4 * units), product(h, recurrentKernel, 4 * units)), bias);
    const [i, f, g, o] = [rec(part(z, 0)), rec(part(z, 1)), act(part(z, 2)), rec(part(z, 3))];
    state.c = c.map((value, u) => f[u]! * value + i[u]! * g[u]!);
    const squashed = act(state.c);
    state.h = o.map((gate, u) => gate * squashed[u]!);
    return state.h;
  }
  const a = plus(product(x, kernel, 3 * units), bias.slice(0, 3 * units));
  let u = product(h, recurrentKernel, 3 * units);
  if (layer.resetAfter) u = plus(u, bias.slice(3 * units));
  const z = rec(plus(part(a, 0), part(u, 0)));
  const r = rec(plus(part(a, 1), part(u, 1)));
  const remembered = layer.resetAfter
    ? times(r, part(u, 2))
    : part(product(times(r, h), recurrentKernel, 3 * units), 2);
  const n = act(plus(part(a, 2), remembered));
  state.h = h.map((value, i) => z[i]! * value + (1 - z[i]!) * n[i]!);
  return state.h;
}

function merged(merge: 'concat' | 'sum' | 'mul' | 'ave', a: Row, b: Row): Row {
  switch (merge) {
    case 'concat':
      return [...a, ...b];
    case 'sum':
      return plus(a, b);
    case 'mul':
      return times(a, b);
    case 'ave':
      return plus(a, b).map((value) => value / 2);
  }
}

function freshState(units: number): State {
  return { h: new Array<number>(units).fill(0), c: new Array<number>(units).fill(0) };
}

/** Natural logarithms of the softmax. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const max = Math.max(...values);
  const logSum = max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0));
  return values.map((value) => value - logSum);
}

/** x matrix, row-major [x.length, columns] */
function product(x: Row, matrix: Float32Array, columns: number): Row {
  const sums = new Float64Array(columns);
  x.forEach((value, row) => {
    const from = row * columns;
    for (let column = 0; column < columns; column++) sums[column]! += value * matrix[from + column]!;
  });
  return [...sums];
}

function plus(a: Row, b: ArrayLike<number>): Row {
  return a.map((value, i) => value + b[i]!);
}

function times(a: Row, b: Row): Row {
  return a.map((value, i) => value * b[i]!);
}
