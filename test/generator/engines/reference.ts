/** The network in float64, straight from its formulas and with nothing of the sources in it but the types. */
import type { LstmLayer } from '../../../src/generator/model/layers.ts';
import type { Model } from '../../../src/generator/model/model.ts';
import { type PlainLstm, plainLstmOf } from '../../../src/generator/model/plain-lstm.ts';

/** One reader of text. */
export class Reference {
  readonly #model: PlainLstm;
  readonly #h: Float64Array[];
  readonly #c: Float64Array[];

  constructor(model: Model) {
    this.#model = plainLstmOf(model);
    this.#h = this.#model.lstms.map((layer) => new Float64Array(layer.units));
    this.#c = this.#model.lstms.map((layer) => new Float64Array(layer.units));
  }

  /** Reads one id; returns the logits of what follows. */
  step(id: number): Float64Array {
    const { embedding, lstms, dense } = this.#model;
    const { columns, matrix } = embedding;
    let x = Float64Array.from(matrix.subarray(id * columns, (id + 1) * columns));
    lstms.forEach((layer, l) => {
      x = this.#cell(layer, l, x);
    });
    const logits = Float64Array.from(dense.bias);
    addProduct(logits, x, dense.kernel);
    return logits;
  }

  #cell(
    { units, kernel, recurrentKernel, bias }: LstmLayer,
    l: number,
    x: Float64Array,
  ): Float64Array<ArrayBuffer> {
    const z = Float64Array.from(bias);
    addProduct(z, x, kernel);
    addProduct(z, this.#h[l]!, recurrentKernel);
    const c = this.#c[l]!;
    const h = new Float64Array(units);
    for (let u = 0; u < units; u++) {
      const [i, f, g, o] = [z[u]!, z[units + u]!, z[2 * units + u]!, z[3 * units + u]!];
      c[u] = sigmoid(f) * c[u]! + sigmoid(i) * Math.tanh(g);
      h[u] = sigmoid(o) * Math.tanh(c[u]!);
    }
    this.#h[l] = h;
    return h;
  }
}

/** Natural logarithms of the softmax. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const max = Math.max(...values);
  const logSum = max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0));
  return values.map((value) => value - logSum);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** sum += x matrix, row-major [x.length, sum.length] */
function addProduct(sum: Float64Array, x: Float64Array, matrix: Float32Array): void {
  for (let row = 0; row < x.length; row++) {
    for (let column = 0; column < sum.length; column++) {
      sum[column]! += x[row]! * matrix[row * sum.length + column]!;
    }
  }
}
