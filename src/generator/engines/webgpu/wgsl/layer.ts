/** One step of one LSTM layer: both products, the gates and the new states, in one dispatch. No `node:` imports. */
import { BINDINGS } from './bindings.ts';
import { FLOAT32 } from './float32.ts';
import { products, type Tile } from './products.ts';

/**
 * The gates, with the operations of the integer engine's kernel (kernel/gates.h). A block has 16 units: its lanes
 * are, for each of the gates i, f, g, o, four vectors of four units.
 */
const GATES = `
const TANH_END = 4.9712f;
struct Fraction { p: vec4f, q: vec4f }

fn tanhFraction(argument: vec4f) -> Fraction {
  let x = clamp(argument, vec4f(-TANH_END), vec4f(TANH_END));
  let y = multiply(x, x);
  let p = add(multiply(add(multiply(add(y, vec4f(378)), y), vec4f(17325)), y), vec4f(135135));
  let q = add(multiply(add(multiply(y, vec4f(28)), vec4f(3150)), y), vec4f(62370));
  return Fraction(multiply(x, p), add(multiply(q, y), vec4f(135135)));
}

/// Writes the new cells of four units of a row, and returns their hidden states, -63 to 63, in the bytes of a word.
fn updateCells(halfI: vec4f, halfF: vec4f, g: vec4f, halfO: vec4f, before: u32, after: u32) -> u32 {
  let i = tanhFraction(halfI);
  let f = tanhFraction(halfF);
  let candidate = tanhFraction(g);
  let qIG = multiply(i.q, candidate.q);
  let kept = multiply(multiply(add(f.q, f.p), cells[before]), qIG);
  let added = multiply(multiply(add(i.q, i.p), candidate.p), f.q);
  let half = multiply(f.q, qIG);
  let cell = divide(add(kept, added), add(half, half));
  cells[after] = cell;
  let o = tanhFraction(halfO);
  let t = tanhFraction(cell);
  let qOT = multiply(o.q, t.q);
  let state = divide(multiply(add(o.q, o.p), t.p), add(qOT, qOT));
  // Adding 1.5 x 2^23 rounds to the nearest integer, half to even, and leaves it in the low byte.
  let bytes = bitcast<vec4u>(add(multiply(state, vec4f(63)), vec4f(12582912))) & vec4u(0xff);
  return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
`;

export function layerProgram(tile: Tile, hasDots: boolean): string {
  return `${BINDINGS}${FLOAT32}${products(tile, hasDots)}${GATES}
const QUADS = 4u;

@compute @workgroup_size(LANES, SPLIT)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  lane = id.x;
  portion = id.y;
  thread = portion * LANES + lane;
  let block = group.x;
  firstRow = group.y * ROWS;
  sumBlock(block);
  for (var i = thread; i < ROWS * QUADS; i += THREADS) {
    let row = firstRow + i / QUADS;
    let quad = i % QUADS;
    if (row >= job.rows) { return; }
    let column = block * LANES + quad;
    let term = select(0u, idAt(row) * part.blocks * LANES, part.isTable != 0u) + column;
    let halfI = affine(sumOf(i / QUADS, quad), column, term);
    let halfF = affine(sumOf(i / QUADS, quad + QUADS), column + QUADS, term + QUADS);
    let g = affine(sumOf(i / QUADS, quad + 2u * QUADS), column + 2u * QUADS, term + 2u * QUADS);
    let halfO = affine(sumOf(i / QUADS, quad + 3u * QUADS), column + 3u * QUADS, term + 3u * QUADS);
    let cell = part.cellsAt + block * QUADS + quad;
    let before = cell + cellsBefore(row) * part.words;
    let bytes = updateCells(halfI, halfF, g, halfO, before, cell + cellsAfter(row) * part.words);
    hidden[part.hiddenAt + stateAfter(row) * part.words + block * QUADS + quad] = bytes;
  }
}
`;
}
