/**
 * A network's weights and states in the memory of the threads, in the layout of kernel/layout.h. No `node:`
 * imports.
 */
import type { Arena, Views } from './arena.ts';
import type { IntegerPlan, PlannedLayer } from './plan.ts';
import { corrections, HIDDEN_STEPS, HIDDEN_ZERO, type QuantisedMatrix, quantise } from './quantise.ts';

/** How a compiled kernel wants its weights. */
export interface KernelShape {
  /** Units of a block: 4, 8 or 16. */
  readonly lanes: number;
  /** Gates whose weights stand together: 2 or 4. */
  readonly gates: number;
}

const GATES = 4;
/** Index of the gate that is a tanh; the arguments of the other gates are halved, see kernel/gates.h. */
const CANDIDATE = 2;
/** Products that one instruction adds. */
const GROUP = 4;
const OUTPUT_MULTIPLE = 16;
const WORD = 4;
const LAYER_WORDS = 8;
const NETWORK_WORDS = 11;

interface LayerPlace {
  readonly plan: PlannedLayer;
  readonly inputs: number;
  readonly at: number;
  readonly weights: number;
  readonly corrections: number;
  readonly scales: number;
  readonly terms: number;
  /** uint8 [capacity, 2, units] */
  readonly hidden: number;
  /** float [capacity, units] */
  readonly cells: number;
}

export class NetworkLayout {
  readonly plan: IntegerPlan;
  readonly capacity: number;
  /** Offset of the structure `Network`. */
  readonly at: number;
  readonly layers: readonly LayerPlace[];
  /** Number of outputs, rounded up. */
  readonly outputs: number;
  /** float [capacity, outputs] */
  readonly #logits: number;
  readonly #inside: number;
  readonly #output: { readonly weights: number; corrections: number; scales: number; biases: number };
  readonly #shape: KernelShape;

  constructor(arena: Arena, plan: IntegerPlan, shape: KernelShape, capacity: number) {
    this.plan = plan;
    this.capacity = capacity;
    this.#shape = shape;
    this.at = arena.reserve(NETWORK_WORDS * WORD);
    // The layers' structures stand one after the other.
    const layersAt = arena.reserve(plan.layers.length * LAYER_WORDS * WORD);
    this.layers = plan.layers.map((layer, i): LayerPlace => {
      const { units } = layer;
      const inputs = (plan.layers[i - 1]?.units ?? 0) + units;
      const columns = GATES * units;
      return {
        ...{ plan: layer, inputs, at: layersAt + i * LAYER_WORDS * WORD },
        weights: arena.reserve(inputs * columns),
        corrections: arena.reserve(columns * WORD),
        scales: arena.reserve(columns * WORD),
        terms: arena.reserve(columns * WORD * (i === 0 ? plan.vocabularySize : 1)),
        hidden: arena.reserve(capacity * 2 * units),
        cells: arena.reserve(capacity * units * WORD),
      };
    });
    const top = plan.layers.at(-1)!.units;
    this.outputs = Math.ceil(plan.vocabularySize / OUTPUT_MULTIPLE) * OUTPUT_MULTIPLE;
    this.#output = {
      weights: arena.reserve(top * this.outputs),
      corrections: arena.reserve(this.outputs * WORD),
      scales: arena.reserve(this.outputs * WORD),
      biases: arena.reserve(this.outputs * WORD),
    };
    this.#logits = arena.reserve(capacity * this.outputs * WORD);
    this.#inside = arena.reserve(plan.vocabularySize);
  }

  /**
   * Writes the quantised weights and the structures. The memory is all zeros before, and so are the states: a
   * slot must be cleared before it reads.
   *
   * @param inside see `insideWord` in rows.ts
   */
  write(views: Views, inside: Uint8Array): void {
    const { plan, layers } = this;
    layers.forEach((place, i) => {
      this.#writeLayer(views, place, plan.layers[i - 1]?.units ?? 0, i);
    });
    this.#writeOutput(views);
    views.bytes.set(inside, this.#inside);
    const { weights, corrections, scales, biases } = this.#output;
    const sizes = [layers.length, layers[0]!.at, plan.vocabularySize, this.outputs, plan.output.firstInput];
    views.words.set(
      [...sizes, weights, corrections, scales, biases, this.#logits, this.#inside],
      this.at / WORD,
    );
  }

  #writeLayer(views: Views, place: LayerPlace, inputs: number, index: number): void {
    const { plan, at, weights, hidden, cells } = place;
    const { units, firstInput } = plan;
    const matrix = quantise([plan.inputKernel, plan.recurrentKernel], GATES * units);
    this.#packGates(views.weights, weights, matrix, units);
    // The zero of every summed input is part of the sum.
    const ofInputs = corrections(matrix, 0, inputs);
    const ofStates = corrections(matrix, inputs, units);
    const times = index - firstInput;
    this.#permute(
      views.words,
      place.corrections,
      units,
      (column) => times * ofInputs[column]! + ofStates[column]!,
    );
    this.#permute(
      views.floats,
      place.scales,
      units,
      (column, factor) => (matrix.scales[column]! / HIDDEN_STEPS) * factor,
    );
    const terms = index === 0 ? this.plan.table : plan.bias;
    for (let row = 0; row < terms.length; row += GATES * units) {
      const to = place.terms + row * WORD;
      this.#permute(views.floats, to, units, (column, factor) => terms[row + column]! * factor);
    }
    const offsets = [weights, place.corrections, place.scales, place.terms, hidden, cells];
    views.words.set([units, firstInput, ...offsets], at / WORD);
  }

  /** Writes a number for each column of the gates, in the order [units / lanes][4][lanes]. */
  #permute(
    to: Int32Array | Float32Array,
    offset: number,
    units: number,
    numberOf: (column: number, factor: number) => number,
  ): void {
    const { lanes } = this.#shape;
    let at = offset / WORD;
    for (let block = 0; block < units; block += lanes) {
      for (let gate = 0; gate < GATES; gate++) {
        const factor = gate === CANDIDATE ? 1 : 0.5;
        for (let lane = 0; lane < lanes; lane++) to[at++] = numberOf(gate * units + block + lane, factor);
      }
    }
  }

  /** [units / lanes][4 / gates][inputs / 4][gates][lanes][4] */
  #packGates(to: Int8Array, offset: number, { values, columns }: QuantisedMatrix, units: number): void {
    const { lanes, gates } = this.#shape;
    const inputs = values.length / columns;
    let at = offset;
    for (let block = 0; block < units; block += lanes) {
      for (let first = 0; first < GATES; first += gates) {
        for (let input = 0; input < inputs; input += GROUP) {
          for (let gate = first; gate < first + gates; gate++) {
            const from = input * columns + gate * units + block;
            for (let lane = 0; lane < lanes; lane++) {
              for (let i = 0; i < GROUP; i++) to[at++] = values[from + i * columns + lane]!;
            }
          }
        }
      }
    }
  }

  #writeOutput(views: Views): void {
    const { lanes } = this.#shape;
    const { plan, outputs } = this;
    const { kernel, bias, firstInput } = plan.output;
    const matrix = quantise([kernel], plan.vocabularySize);
    const inputs = kernel.length / plan.vocabularySize;
    let at = this.#output.weights;
    for (let block = 0; block < outputs; block += lanes) {
      for (let input = 0; input < inputs; input += GROUP) {
        for (let id = block; id < block + lanes; id++) {
          for (let i = 0; i < GROUP; i++) {
            const isOutput = id < plan.vocabularySize;
            views.weights[at++] = isOutput ? matrix.values[(input + i) * matrix.columns + id]! : 0;
          }
        }
      }
    }
    const times = plan.layers.length - firstInput;
    const { corrections: correctionsAt, scales, biases } = this.#output;
    views.words.set(
      corrections(matrix).map((sum) => sum * times),
      correctionsAt / WORD,
    );
    views.floats.set(
      matrix.scales.map((scale) => scale / HIDDEN_STEPS),
      scales / WORD,
    );
    views.floats.set(bias, biases / WORD);
  }

  /** Where a slot's states of a layer are, given the half of `hidden` that holds the current one. */
  statesOf(layer: LayerPlace, slot: number, half: number): { hidden: number; cells: number } {
    const { units } = layer.plan;
    return {
      hidden: layer.hidden + (2 * slot + half) * units,
      cells: layer.cells / WORD + slot * units,
    };
  }

  /** The logits that a slot's last step gave; the next decode overwrites them. */
  logitsOf({ floats }: Views, slot: number): Float32Array {
    const at = this.#logits / WORD + slot * this.outputs;
    return floats.subarray(at, at + this.plan.vocabularySize);
  }

  /** Sets a slot's states to those of a slot that has read nothing. */
  clear({ bytes, floats }: Views, slot: number, half: number): void {
    for (const layer of this.layers) {
      const { hidden, cells } = this.statesOf(layer, slot, half);
      bytes.fill(HIDDEN_ZERO, hidden, hidden + layer.plan.units);
      floats.fill(0, cells, cells + layer.plan.units);
    }
  }
}
