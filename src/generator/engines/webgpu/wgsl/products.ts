/** Products of 8-bit weights and 7-bit states, as exact 32-bit sums. No `node:` imports. */

/** Words of the states of a tile that are read into the workgroup's memory together. */
const CHUNK = 64;

/** How a workgroup shares its work. */
export interface Tile {
  /** Rows that a workgroup computes. */
  readonly rows: number;
  /** Threads that share the products of one sum. */
  readonly split: number;
}

const each = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

/**
 * The products of a block of columns and a tile of rows. A thread sums four columns for all rows of the tile, over
 * its part of the inputs: so a weight is read once for all rows.
 *
 * @param hasDots whether the language has `dot4I8Packed`
 */
export function products({ rows, split }: Tile, hasDots: boolean): string {
  return `
const ROWS = ${rows}u;
const SPLIT = ${split}u;
const THREADS = ${split}u * LANES;
const CHUNK = ${CHUNK}u;

var<private> lane: u32;
var<private> portion: u32;
var<private> thread: u32;
var<private> firstRow: u32;
var<private> sums: array<vec4i, ${rows}>;
var<workgroup> states: array<u32, ${rows * CHUNK}>;
var<workgroup> partialSums: array<vec4i, ${rows * split} * LANES>;

fn dots(w: vec4u, state: u32) -> vec4i {
  return vec4i(dot4(w.x, state), dot4(w.y, state), dot4(w.z, state), dot4(w.w, state));
}
fn dot4(a: u32, b: u32) -> i32 { ${hasDots ? 'return dot4I8Packed(a, b);' : UNPACKED} }

/// Adds the products of one array of states, those before the step or after it, with the weights of a block.
fn addProducts(hiddenAt: u32, isAfter: bool, words: u32, weightsAt: u32) {
  for (var start = 0u; start < words; start += CHUNK) {
    let count = min(CHUNK, words - start);
    workgroupBarrier();
    for (var i = thread; i < ROWS * CHUNK; i += THREADS) {
      let row = firstRow + i / CHUNK;
      let word = i % CHUNK;
      if (row < job.rows && word < count) {
        let state = select(stateBefore(row), stateAfter(row), isAfter);
        states[i] = hidden[hiddenAt + state * words + start + word];
      }
    }
    workgroupBarrier();
    for (var word = portion; word < count; word += SPLIT) {
      let w = weights[weightsAt + (start + word) * LANES + lane];
      ${each(rows, (row) => `sums[${row}] += dots(w, states[${row * CHUNK}u + word]);`)}
    }
  }
}

/// The sums of all inputs of a block, for the rows of the tile; \`sumOf\` returns them afterwards.
fn sumBlock(block: u32) {
  ${each(rows, (row) => `sums[${row}] = vec4i(0);`)}
  let weightsAt = part.weightsAt + block * (part.sourceWords + part.words) * LANES;
  for (var source = 0u; source < part.sources; source++) {
    addProducts(part.sourceAt + source * part.sourceStride, true, part.sourceWords, weightsAt);
  }
  addProducts(part.hiddenAt, false, part.words, weightsAt + part.sourceWords * LANES);
  ${each(rows, (row) => `partialSums[(portion * ROWS + ${row}u) * LANES + lane] = sums[${row}];`)}
  workgroupBarrier();
}

fn sumOf(tileRow: u32, lane: u32) -> vec4i {
  var sum = partialSums[tileRow * LANES + lane];
  for (var i = 1u; i < SPLIT; i++) { sum += partialSums[(i * ROWS + tileRow) * LANES + lane]; }
  return sum;
}

/// The sum in floats, with its scale and a term, as docs/integer-engine.md defines it.
fn affine(sum: vec4i, column: u32, term: u32) -> vec4f {
  return add(multiply(vec4f(sum), floats[part.scalesAt + column]), floats[part.termsAt + term]);
}
`;
}

const UNPACKED = `
  var sum = 0;
  for (var shift = 0u; shift < 32u; shift += 8u) {
    sum += extractBits(bitcast<i32>(a), shift, 8u) * extractBits(bitcast<i32>(b), shift, 8u);
  }
  return sum;`;
