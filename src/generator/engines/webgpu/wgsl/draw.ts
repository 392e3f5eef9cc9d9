/** The outputs of one row in one step, and the draw from them, in one dispatch. No `node:` imports. */
import { BINDINGS } from './bindings.ts';
import { FLOAT32 } from './float32.ts';
import { FLOAT64 } from './float64.ts';
import { products } from './products.ts';

/** A workgroup draws for one row. */
const TILE = { rows: 1, split: 8 };

/** The rules of `sampleFromLogits` (sampler.ts), in float64, as in the integer engine's kernel (kernel/draw.h). */
const DRAW = `
const NONE = -1;
const INFINITY_BITS = 0x7f800000u;

/// For each thread, the likeliest of its ids: the order of its logit, and the id.
var<workgroup> bestOf: array<vec2i, THREADS>;
var<workgroup> best: vec2i;

fn logitAt(row: u32, id: u32) -> u32 {
  let bits = bitcast<u32>(logits[row * part.blocks * LANES + id / 4u][id % 4u]);
  return select(bits, 0u, bits == SIGN);
}

/// An integer that orders floats as their values do.
fn orderOf(bits: u32) -> i32 { return bitcast<i32>(bits ^ ((bits >> 31u) * 0x7fffffffu)); }

fn bitsOf(order: i32) -> u32 { return bitcast<u32>(order) ^ ((bitcast<u32>(order) >> 31u) * 0x7fffffffu); }

fn isAllowed(row: u32, id: u32) -> bool {
  if (job.allowedAt == 0u) { return true; }
  let allowed = job.words[job.allowedAt + row * job.steps + part.step];
  return allowed == 0u || ((job.words[allowed + id / 32u] >> (id % 32u)) & 1u) == 1u;
}

/// Whether the draw after an id is inside of a word.
fn isInside(id: u32) -> bool { return ((weights[part.insideAt + id / 128u][id / 32u % 4u] >> (id % 32u)) & 1u) == 1u; }

fn isBetter(a: vec2i, b: vec2i) -> bool {
  return b.y == NONE || (a.y != NONE && (a.x > b.x || (a.x == b.x && a.y < b.y)));
}

/// The first id at which the running sum of shares exceeds its part of the total.
fn inverse(row: u32, number: vec2u, likeliest: u32) -> i32 {
  let at = row * part.columns;
  var total = vec2u(0u, 0u);
  for (var id = 0u; id < part.columns; id++) { total = add64(total, shares[at + id]); }
  let goal = multiply64(number, total);
  var passed = vec2u(0u, 0u);
  for (var id = 0u; id < part.columns; id++) {
    passed = add64(passed, shares[at + id]);
    if (isBelow(goal, passed)) { return i32(id); }
  }
  for (var id = part.columns - 1u; id > likeliest; id--) {
    if ((shares[at + id].x | shares[at + id].y) != 0u) { return i32(id); }
  }
  return i32(likeliest);
}

fn drawFor(row: u32) {
  let at = row * job.steps + part.step;
  var mine = vec2i(0, NONE);
  for (var id = thread; id < part.columns; id += THREADS) {
    let one = vec2i(orderOf(logitAt(row, id)), i32(id));
    if (isAllowed(row, id) && isBetter(one, mine)) { mine = one; }
  }
  bestOf[thread] = mine;
  workgroupBarrier();
  if (thread == 0u) {
    for (var i = 1u; i < THREADS; i++) { if (isBetter(bestOf[i], mine)) { mine = bestOf[i]; } }
    if ((bitsOf(mine.x) & INFINITY_BITS) == INFINITY_BITS) { mine.y = NONE; }
    best = mine;
  }
  let likeliest = workgroupUniformLoad(&best);
  if (likeliest.y == NONE) {
    if (thread == 0u) { drawn[at] = NONE; }
    return;
  }
  let isInWord = isInside(idAt(row));
  let temperature = select(rowPair(row, 6u), rowPair(row, 4u), isInWord);
  let isCold = (temperature.x | temperature.y) == 0u;
  let largest = widened(bitsOf(likeliest.x));
  let least = add64(largest, rowPair(row, 8u));
  for (var id = thread; id < part.columns && !isCold; id += THREADS) {
    let logit = widened(logitAt(row, id));
    var share = vec2u(0u, 0u);
    if (isAllowed(row, id) && !less64(logit, least)) {
      share = exponential(divide64(add64(logit, negate64(largest)), temperature));
    }
    shares[row * part.columns + id] = share;
  }
  storageBarrier();
  if (thread == 0u) {
    let uniformAt = job.uniformsAt + at * 2u;
    let number = vec2u(job.words[uniformAt], job.words[uniformAt + 1u]);
    if (isCold) { drawn[at] = likeliest.y; } else { drawn[at] = inverse(row, number, u32(likeliest.y)); }
  }
}
`;

export function drawProgram(hasDots: boolean): string {
  return `${BINDINGS}${FLOAT32}${FLOAT64}${products(TILE, hasDots)}${DRAW}
@compute @workgroup_size(LANES, SPLIT)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  lane = id.x;
  portion = id.y;
  thread = portion * LANES + lane;
  firstRow = group.x;
  // A row that will be fed another id draws none.
  if (part.step + 1u < rowWord(group.x, 3u)) { return; }
  for (var block = 0u; block < part.blocks; block++) {
    sumBlock(block);
    if (thread < LANES) {
      let column = block * LANES + lane;
      logits[group.x * part.blocks * LANES + column] = affine(sumOf(0u, lane), column, column);
    }
    workgroupBarrier();
  }
  storageBarrier();
  if (job.draws == 1u) { drawFor(group.x); }
}
`;
}
