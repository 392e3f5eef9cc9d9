/** A network's weights in the layout of the programs (wgsl/bindings.ts). No `node:` imports. */
import type { IntegerPlan, PlannedLayer } from '../integer/plan.ts';
import { HIDDEN_STEPS, type QuantisedMatrix, quantise } from '../integer/quantise.ts';
import { BLOCK_COLUMNS, PART_WORDS, type Part } from './wgsl/bindings.ts';

const GATES = 4;
/** Units of a block of a layer. */
const BLOCK_UNITS = BLOCK_COLUMNS / GATES;
/** Index of the gate that is a tanh; the arguments of the other gates are halved, see wgsl/layer.ts. */
const CANDIDATE = 2;
/** Products that one instruction adds: the bytes of a word. */
const GROUP = 4;
/** Weights, floats and cells are read four at a time. */
const VECTOR = 4;
const WORD_BITS = 32;

export interface NetworkArrays {
  /** Bytes in [block][word of inputs][column of the block][input of the word], for each matrix, then `inside`. */
  readonly weights: Int8Array;
  /** Scales and terms, in [block][column of the block]. */
  readonly floats: Float32Array;
  /** The layers from the lowest to the highest, then the outputs; in the first step. */
  readonly parts: readonly Part[];
  /** Words of the hidden states of all layers, and vectors of their cells. */
  readonly hiddenWords: number;
  readonly cellVectors: number;
}

/** Where a column of a matrix stands in its blocks; -1 for one that only fills the last block. */
type ColumnAt = (block: number, column: number) => number;

/**
 * @param places the number of places that hold a slot's state, see places.ts
 * @param inside see `insideWord` in rows.ts
 */
export function networkArrays(plan: IntegerPlan, places: number, inside: Uint8Array): NetworkArrays {
  const arrays = new GrowingArrays();
  const parts: Part[] = [];
  let [hiddenAt, cellsAt] = [0, 0];
  plan.layers.forEach((layer, index) => {
    const { units } = layer;
    const words = units / GROUP;
    const own = { blocks: units / BLOCK_UNITS, columns: units, isTable: index === 0 ? 1 : 0, words };
    const weights = addLayer(arrays, layer, index === 0 ? plan.table : layer.bias);
    parts.push({ ...own, hiddenAt, cellsAt, ...sourcesOf(parts, layer.firstInput), ...weights, ...UNUSED });
    hiddenAt += places * 2 * words;
    cellsAt += places * (units / VECTOR);
  });
  const blocks = Math.ceil(plan.vocabularySize / BLOCK_COLUMNS);
  const outputs = { blocks, columns: plan.vocabularySize, isTable: 0, words: 0, hiddenAt: 0, cellsAt: 0 };
  const weights = addOutputs(arrays, plan, blocks);
  const insideAt = arrays.addWeights(bitsOf(inside));
  parts.push({ ...outputs, ...sourcesOf(parts, plan.output.firstInput), ...weights, ...UNUSED, insideAt });
  return { ...arrays.finish(), parts, hiddenWords: hiddenAt, cellVectors: cellsAt };
}

const UNUSED = { zero: 0, step: 0, insideAt: 0 };

/** The words of a part in one step. */
export function partWords(part: Part, step: number): Uint32Array {
  return Uint32Array.from(PART_WORDS, (name) => (name === 'step' ? step : part[name]));
}

/** The sum of the hidden states of the layers from `first` on is the input of what is above them. */
function sourcesOf(
  below: readonly Part[],
  first: number,
): Pick<Part, 'sources' | 'sourceAt' | 'sourceStride' | 'sourceWords'> {
  const layers = below.slice(first);
  const [lowest, second] = layers;
  if (!lowest) return { sources: 0, sourceAt: 0, sourceStride: 0, sourceWords: 0 };
  // Layers of a sum have equally many units, so their states are equally far apart.
  const sourceStride = second ? second.hiddenAt - lowest.hiddenAt : 0;
  return { sources: layers.length, sourceAt: lowest.hiddenAt, sourceStride, sourceWords: lowest.words };
}

function addLayer(arrays: GrowingArrays, layer: PlannedLayer, terms: Float32Array) {
  const { units, inputKernel, recurrentKernel } = layer;
  const matrix = quantise([inputKernel, recurrentKernel], GATES * units);
  const gateOf = (column: number) => Math.floor(column / BLOCK_UNITS);
  const columnAt = (block: number, column: number) =>
    gateOf(column) * units + block * BLOCK_UNITS + (column % BLOCK_UNITS);
  const factorOf = (column: number) => (gateOf(column) === CANDIDATE ? 1 : 0.5);
  const blocks = units / BLOCK_UNITS;
  return {
    weightsAt: arrays.addWeights(packed(matrix, blocks, columnAt)),
    scalesAt: arrays.addFloats(
      permuted(matrix.scales, blocks, columnAt, (scale, column) => (scale / HIDDEN_STEPS) * factorOf(column)),
    ),
    termsAt: arrays.addFloats(permuted(terms, blocks, columnAt, (term, column) => term * factorOf(column))),
  };
}

function addOutputs(arrays: GrowingArrays, { output, vocabularySize }: IntegerPlan, blocks: number) {
  const matrix = quantise([output.kernel], vocabularySize);
  const columnAt = (block: number, column: number) => {
    const id = block * BLOCK_COLUMNS + column;
    return id < vocabularySize ? id : -1;
  };
  return {
    weightsAt: arrays.addWeights(packed(matrix, blocks, columnAt)),
    scalesAt: arrays.addFloats(permuted(matrix.scales, blocks, columnAt, (scale) => scale / HIDDEN_STEPS)),
    termsAt: arrays.addFloats(permuted(output.bias, blocks, columnAt, (bias) => bias)),
  };
}

function packed({ values, columns }: QuantisedMatrix, blocks: number, columnAt: ColumnAt): Int8Array {
  const inputs = values.length / columns;
  const bytes = new Int8Array(blocks * BLOCK_COLUMNS * inputs);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    for (let input = 0; input < inputs; input += GROUP) {
      for (let column = 0; column < BLOCK_COLUMNS; column++) {
        const from = columnAt(block, column);
        for (let i = 0; i < GROUP; i++) bytes[at++] = from < 0 ? 0 : values[(input + i) * columns + from]!;
      }
    }
  }
  return bytes;
}

/** Numbers of each column, or rows of them, in the order of the blocks. */
function permuted(
  numbers: Float32Array,
  blocks: number,
  columnAt: ColumnAt,
  adjust: (number: number, column: number) => number,
): Float32Array {
  const width = blocks * BLOCK_COLUMNS;
  const order = Array.from({ length: width }, (_, i) =>
    columnAt(Math.floor(i / BLOCK_COLUMNS), i % BLOCK_COLUMNS),
  );
  const columns = order.filter((column) => column >= 0).length;
  const result = new Float32Array((numbers.length / columns) * width);
  for (let row = 0; row * columns < numbers.length; row++) {
    order.forEach((from, i) => {
      if (from < 0) return;
      result[row * width + i] = adjust(numbers[row * columns + from]!, i % BLOCK_COLUMNS);
    });
  }
  return result;
}

/** One bit for each element, from the lowest bit of the first word up. */
export function bitsOf(flags: Uint8Array): Int8Array {
  const words = new Uint32Array(Math.ceil(flags.length / WORD_BITS));
  flags.forEach((flag, i) => {
    if (flag !== 0) words[Math.floor(i / WORD_BITS)]! |= 1 << (i % WORD_BITS);
  });
  return new Int8Array(words.buffer);
}

/** Two arrays that grow; each part begins at a whole vector, whose index is returned. */
class GrowingArrays {
  readonly #weights: Int8Array[] = [];
  readonly #floats: Float32Array[] = [];
  #weightVectors = 0;
  #floatVectors = 0;

  addWeights(bytes: Int8Array): number {
    const at = this.#weightVectors;
    this.#weights.push(bytes);
    this.#weightVectors += Math.ceil(bytes.length / (VECTOR * GROUP));
    return at;
  }

  addFloats(numbers: Float32Array): number {
    const at = this.#floatVectors;
    this.#floats.push(numbers);
    this.#floatVectors += numbers.length / VECTOR;
    return at;
  }

  finish(): Pick<NetworkArrays, 'weights' | 'floats'> {
    const weights = new Int8Array(this.#weightVectors * VECTOR * GROUP);
    let at = 0;
    for (const bytes of this.#weights) {
      weights.set(bytes, at);
      at += Math.ceil(bytes.length / (VECTOR * GROUP)) * VECTOR * GROUP;
    }
    const floats = new Float32Array(this.#floatVectors * VECTOR);
    at = 0;
    for (const numbers of this.#floats) {
      floats.set(numbers, at);
      at += numbers.length;
    }
    return { weights, floats };
  }
}
