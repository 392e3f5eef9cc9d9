/**
 * The integer engine's arithmetic as docs/integer-engine.md defines it, one number at a time: sums in exact
 * integers, and floats rounded after every operation. `Math.fround` of a float64 operation on float32 numbers is
 * that operation in float32.
 */
import type { IntegerPlan, PlannedLayer } from '../../../../src/generator/engines/integer/plan.ts';

const { fround } = Math;
const multiply = (a: number, b: number) => fround(a * b);
const add = (a: number, b: number) => fround(a + b);
const divide = (a: number, b: number) => fround(a / b);

const TANH_END = fround(4.9712);

/** p and q with tanh(x) = p / q. */
function tanhFraction(argument: number): [p: number, q: number] {
  const x = Math.min(Math.max(argument, -TANH_END), TANH_END);
  const y = multiply(x, x);
  const p = multiply(x, add(multiply(add(multiply(add(y, 378), y), 17325), y), 135135));
  const q = add(multiply(add(multiply(add(multiply(y, 28), 3150), y), 62370), y), 135135);
  return [p, q];
}

/** The new cell and the hidden state as an integer from -63 to 63. */
function cellStep(halfI: number, halfF: number, g: number, halfO: number, cell: number): [number, number] {
  const [[pI, qI], [pF, qF], [pG, qG]] = [tanhFraction(halfI), tanhFraction(halfF), tanhFraction(g)];
  const qIG = multiply(qI, qG);
  const kept = multiply(multiply(add(qF, pF), cell), qIG);
  const added = multiply(multiply(add(qI, pI), pG), qF);
  const half = multiply(qF, qIG);
  const next = divide(add(kept, added), add(half, half));
  const [[pO, qO], [pT, qT]] = [tanhFraction(halfO), tanhFraction(next)];
  const qOT = multiply(qO, qT);
  const hidden = divide(multiply(add(qO, pO), pT), add(qOT, qOT));
  return [next, roundHalfToEven(multiply(hidden, 63))];
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const isUp = x - below === 0.5 ? below % 2 !== 0 : x - below > 0.5;
  return isUp ? below + 1 : below;
}

/** A matrix's columns as integers and scales. */
interface Columns {
  readonly rows: number;
  readonly values: number[][];
  readonly scales: number[];
}

function quantised(matrix: ArrayLike<number>, columns: number): Columns {
  const rows = matrix.length / columns;
  const column = (c: number) => Array.from({ length: rows }, (_, row) => matrix[row * columns + c]!);
  const all = Array.from({ length: columns }, (_, c) => column(c));
  const scales = all.map(
    (weights) => fround(weights.reduce((max, w) => Math.max(max, Math.abs(w)), 0) / 127) || 1,
  );
  const values = all.map((weights, c) =>
    weights.map((w) => Math.max(-127, Math.min(127, Math.round(w / scales[c]!)))),
  );
  return { rows, values, scales };
}

/** Exact, because every product and sum is an integer below 2^53. */
function product(inputs: readonly number[], values: readonly number[], from = 0): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += inputs[i]! * values[from + i]!;
  return sum;
}

/** The state of a layer. */
interface LayerState {
  hidden: number[];
  cells: number[];
}

/** A sequence that reads ids. */
export class IntegerReference {
  readonly #plan: IntegerPlan;
  readonly #matrices: readonly Columns[];
  readonly #output: Columns;
  #states: readonly LayerState[];

  /** @param like a sequence of the same plan, whose quantised weights are shared */
  constructor(plan: IntegerPlan, like?: IntegerReference) {
    this.#plan = plan;
    this.#matrices = like
      ? like.#matrices
      : plan.layers.map(({ inputKernel, recurrentKernel, units }) =>
          quantised([...inputKernel, ...recurrentKernel], 4 * units),
        );
    this.#output = like ? like.#output : quantised(plan.output.kernel, plan.vocabularySize);
    this.#states = this.#empty();
  }

  /** Goes back to the state before the first id. */
  clear(): void {
    this.#states = this.#empty();
  }

  /** A copy of the state, for `restore`. */
  save(): readonly LayerState[] {
    return this.#states.map(({ hidden, cells }) => ({ hidden: [...hidden], cells: [...cells] }));
  }

  /** @param states from `save` of a sequence of the same plan */
  restore(states: readonly LayerState[]): void {
    this.#states = states.map(({ hidden, cells }) => ({ hidden: [...hidden], cells: [...cells] }));
  }

  #empty(): LayerState[] {
    return this.#plan.layers.map(({ units }) => ({
      hidden: new Array<number>(units).fill(0),
      cells: new Array<number>(units).fill(0),
    }));
  }

  /** Reads one id; returns the logits of the next one. */
  step(id: number): number[] {
    this.#plan.layers.forEach((layer, index) => {
      this.#read(layer, index, id);
    });
    const { firstInput, bias } = this.#plan.output;
    const inputs = this.#summed(firstInput, this.#plan.layers.length);
    return this.#output.values.map((values, out) =>
      add(multiply(fround(product(inputs, values)), fround(this.#output.scales[out]! / 63)), bias[out]!),
    );
  }

  /** The sums of the hidden states of some layers. */
  #summed(from: number, end: number): number[] {
    const layers = this.#states.slice(from, end);
    return (layers[0]?.hidden ?? []).map((_, unit) =>
      layers.reduce((sum, { hidden }) => sum + hidden[unit]!, 0),
    );
  }

  #read({ units, firstInput, bias }: PlannedLayer, index: number, id: number): void {
    const { values, scales } = this.#matrices[index]!;
    const state = this.#states[index]!;
    const inputs = this.#summed(firstInput, index);
    const gate = (number: number, unit: number) => {
      const column = number * units + unit;
      const sum = product(inputs, values[column]!) + product(state.hidden, values[column]!, inputs.length);
      const factor = number === 2 ? 1 : 0.5;
      const term = index === 0 ? this.#plan.table[id * 4 * units + column]! : bias[column]!;
      return add(multiply(fround(sum), fround((scales[column]! / 63) * factor)), fround(term * factor));
    };
    const next = state.cells.map((cell, unit) =>
      cellStep(gate(0, unit), gate(1, unit), gate(2, unit), gate(3, unit), cell),
    );
    state.cells = next.map(([cell]) => cell);
    state.hidden = next.map(([, hidden]) => hidden);
  }
}
