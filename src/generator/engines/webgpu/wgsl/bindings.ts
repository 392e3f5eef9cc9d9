/**
 * What the programs read and write, in the layouts of network-layout.ts, places.ts and job.ts. No `node:` imports.
 */

/** Columns of a matrix that a workgroup computes: four gates of 16 units, or 64 outputs. */
export const BLOCK_COLUMNS = 64;
/** A block's columns as vectors of four. */
export const LANES = BLOCK_COLUMNS / 4;

/** The words of `Part`, in their order. */
export const PART_WORDS = [
  ...(['zero', 'step', 'blocks', 'columns', 'isTable', 'words', 'hiddenAt', 'cellsAt'] as const),
  ...(['sources', 'sourceAt', 'sourceStride', 'sourceWords', 'weightsAt', 'scalesAt', 'termsAt'] as const),
  'insideAt',
] as const;

/** One layer, or the outputs, in one step. */
export type Part = Readonly<Record<(typeof PART_WORDS)[number], number>>;

/** The words at the start of a job, and those of each row; job.ts writes them. */
export const JOB_WORDS = [
  'rows',
  'steps',
  'draws',
  'uniformsAt',
  'feedsAt',
  'allowedAt',
  'setWords',
  'unused',
] as const;
export const ROW_WORDS = 10;

/**
 * `Part`: `sources` arrays of hidden states, `sourceStride` words apart, are the layer's inputs after the step; in
 * its first layer, and in the outputs, `words` is 0 where there is no state of its own. All `...At` are indices
 * into the array that holds it.
 */
export const BINDINGS = `
struct Part { ${PART_WORDS.map((name) => `${name}: u32`).join(', ')} }
struct Job { ${JOB_WORDS.map((name) => `${name}: u32`).join(', ')}, words: array<u32> }

@group(0) @binding(0) var<uniform> part: Part;
@group(0) @binding(1) var<storage, read> weights: array<vec4u>;
@group(0) @binding(2) var<storage, read> floats: array<vec4f>;
@group(0) @binding(3) var<storage, read> job: Job;
@group(0) @binding(4) var<storage, read_write> hidden: array<u32>;
@group(0) @binding(5) var<storage, read_write> cells: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> drawn: array<i32>;
@group(0) @binding(7) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> shares: array<vec2u>;

const LANES = ${LANES}u;

fn rowWord(row: u32, word: u32) -> u32 { return job.words[row * ${ROW_WORDS}u + word]; }
fn rowPair(row: u32, word: u32) -> vec2u { return vec2u(rowWord(row, word), rowWord(row, word + 1u)); }

/// Where a row's hidden state is after a step: its place, then one half or the other by turns.
fn stateAfter(row: u32) -> u32 { return rowWord(row, 1u) * 2u + (rowWord(row, 2u) ^ (part.step & 1u)); }
fn stateBefore(row: u32) -> u32 { return select(stateAfter(row) ^ 1u, rowWord(row, 0u), part.step == 0u); }
/// The place of its cells, which a step overwrites.
fn cellsAfter(row: u32) -> u32 { return rowWord(row, 1u); }
fn cellsBefore(row: u32) -> u32 { return select(cellsAfter(row), rowWord(row, 0u) / 2u, part.step == 0u); }

/// The id that a row reads: one that is fed, or the one drawn last.
fn idAt(row: u32) -> u32 {
  let at = row * job.steps + part.step;
  if (part.step < rowWord(row, 3u)) { return job.words[job.feedsAt + at]; }
  return u32(drawn[at - 1u]);
}
`;
