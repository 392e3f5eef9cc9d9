/**
 * The words of a model's training text, as a minimal acyclic automaton over the letters a to z and the
 * apostrophe (Daciuk, Mihov, Watson and Watson, "Incremental construction of minimal acyclic finite-state
 * automata", Computational Linguistics 26, 2000). Words are stored in lower case. No `node:` imports: a
 * browser reads it, too.
 *
 * The file: the four bytes `LEX1`, then one little-endian 32-bit word for each edge. Bits 0 to 4 are the
 * letter (1 to 26 for a to z, 27 for the apostrophe), bit 5 marks the last edge of its state, bit 6 that a
 * word ends with the edge, bit 7 that this word is often enough in lower case, bits 8 to 31 are the index of
 * the first edge of the state that the edge leads to, 0 for none. The first edges are those of the start
 * state.
 */
import { unusable } from './model/model.ts';

/** Name of the file in a model's folder. */
export const LEXICON_FILE = 'lexicon.bin';

const MAGIC = 0x3158_454c;
const HEADER_BYTES = 4;
const LETTER_MASK = 0x1f;
const LAST = 0x20;
const WORD = 0x40;
const COMMON = 0x80;
const TARGET_SHIFT = 8;
const APOSTROPHE = 27;
const LETTER_A = 97;

export class Lexicon {
  /** The content of its file. */
  readonly bytes: Uint8Array;
  readonly #edges: Uint32Array;

  /**
   * @param bytes the content of a `lexicon.bin`
   * @param shown the file's name in error messages
   * @throws StoryError `model_unavailable` when it is not a valid lexicon
   */
  constructor(bytes: Uint8Array, shown = LEXICON_FILE) {
    this.bytes = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = (bytes.length - HEADER_BYTES) / 4;
    if (count < 0 || !Number.isInteger(count) || view.getUint32(0, true) !== MAGIC) {
      throw unusable(shown, 'it is no lexicon');
    }
    this.#edges = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.#edges[i] = view.getUint32(HEADER_BYTES + 4 * i, true);
    // No walk leaves the file: a state's edges end before it does, and targets are inside of it.
    const endsOpen = count > 0 && (this.#edges[count - 1]! & LAST) === 0;
    if (endsOpen || this.#edges.some((edge) => edge >>> TARGET_SHIFT >= Math.max(1, count))) {
      throw unusable(shown, 'an edge leads out of it');
    }
    if (!isAcyclic(this.#edges))
      throw unusable(shown, 'its edges lead in a circle, so it has words without an end');
  }

  /** Whether the training text has this word, in any case. */
  has(word: string): boolean {
    return (this.#find(word) & WORD) !== 0;
  }

  /**
   * Whether the word is in lower case where no sentence begins; a word that is not, with a capital, is a
   * name.
   */
  isCommon(word: string): boolean {
    return (this.#find(word) & COMMON) !== 0;
  }

  /** All words, in alphabetical order but for the apostrophe, which is last; true where a word is common. */
  *words(): Generator<[word: string, isCommon: boolean]> {
    yield* this.#wordsFrom(0, '');
  }

  *#wordsFrom(state: number, before: string): Generator<[word: string, isCommon: boolean]> {
    for (let i = state; i < this.#edges.length; i++) {
      const edge = this.#edges[i]!;
      const code = edge & LETTER_MASK;
      const word = before + (code === APOSTROPHE ? "'" : String.fromCharCode(LETTER_A + code - 1));
      if ((edge & WORD) !== 0) yield [word, (edge & COMMON) !== 0];
      const target = edge >>> TARGET_SHIFT;
      if (target > 0) yield* this.#wordsFrom(target, word);
      if ((edge & LAST) !== 0) return;
    }
  }

  /** The last edge of a word's path; 0 where there is no such path. */
  #find(word: string): number {
    let state = 0;
    let edge = 0;
    for (let i = 0; i < word.length; i++) {
      if (i > 0 && state === 0) return 0;
      edge = this.#edge(state, codeOf(word.charCodeAt(i)));
      if (edge === 0) return 0;
      state = edge >>> TARGET_SHIFT;
    }
    return edge;
  }

  #edge(state: number, code: number): number {
    for (let i = state; i < this.#edges.length; i++) {
      const edge = this.#edges[i]!;
      if ((edge & LETTER_MASK) === code) return edge;
      if ((edge & LAST) !== 0) return 0;
    }
    return 0;
  }
}

/**
 * Whether every walk ends: edges can be put into an order in which each comes before those that it leads to (Kahn,
 * "Topological sorting of large networks", Communications of the ACM 5, 1962). An edge leads to the first one of
 * its target, and to the next one of its own state.
 */
function isAcyclic(edges: Uint32Array): boolean {
  const predecessors = new Uint32Array(edges.length);
  const lead = (i: number, each: (next: number) => void) => {
    const edge = edges[i]!;
    if (edge >>> TARGET_SHIFT > 0) each(edge >>> TARGET_SHIFT);
    if ((edge & LAST) === 0) each(i + 1);
  };
  for (let i = 0; i < edges.length; i++) lead(i, (next) => predecessors[next]!++);
  const ordered: number[] = [];
  for (let i = 0; i < edges.length; i++) if (predecessors[i] === 0) ordered.push(i);
  const order = (next: number) => {
    if (--predecessors[next]! === 0) ordered.push(next);
  };
  for (let i = 0; i < ordered.length; i++) lead(ordered[i]!, order);
  return ordered.length === edges.length;
}

/** A letter's number, regardless of case; 0 for a character that no word has. */
function codeOf(unit: number): number {
  const small = unit | 0x20;
  if (small >= LETTER_A && small < LETTER_A + 26) return small - LETTER_A + 1;
  return unit === 0x27 ? APOSTROPHE : 0;
}

/** A state while the automaton is built. */
interface State {
  /** Sorted by letter number, ascending. */
  readonly edges: { readonly code: number; flags: number; to: State }[];
  index: number;
}

/**
 * Builds the file.
 *
 * @param words each in lower case, of the letters a to z and apostrophes, without duplicates; true where it
 *   is often enough in lower case
 * @throws RangeError naming a word with another character
 */
export function buildLexicon(words: ReadonlyMap<string, boolean>): Uint8Array<ArrayBuffer> {
  const start: State = { edges: [], index: 0 };
  for (const [word, isCommon] of words) {
    let state = start;
    for (const [i, letter] of [...word].entries()) {
      const code = codeOf(letter.charCodeAt(0));
      if (code === 0 || letter !== letter.toLowerCase()) {
        throw new RangeError(`Expected small letters and apostrophes, got ${JSON.stringify(word)}.`);
      }
      let edge = state.edges.find((one) => one.code === code);
      if (!edge) {
        edge = { code, flags: 0, to: { edges: [], index: 0 } };
        state.edges.push(edge);
      }
      if (i === word.length - 1) edge.flags |= WORD | (isCommon ? COMMON : 0);
      state = edge.to;
    }
  }
  const minimal = minimise(start, new Map());
  const states = numbered(minimal);
  const count = states.reduce((sum, { edges }) => sum + edges.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + 4 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  for (const { edges, index } of states) {
    edges.forEach(({ code, flags, to }, i) => {
      const last = i === edges.length - 1 ? LAST : 0;
      const target = to.edges.length === 0 ? 0 : to.index;
      view.setUint32(HEADER_BYTES + 4 * (index + i), (target << TARGET_SHIFT) | flags | last | code, true);
    });
  }
  return bytes;
}

/** Merges equal states of the automaton, from the ends up. */
function minimise(state: State, known: Map<string, State>): State {
  const edges = state.edges
    .map((edge) => ({ ...edge, to: minimise(edge.to, known) }))
    .sort((one, other) => one.code - other.code);
  const key = edges.map(({ code, flags, to }) => `${code}.${flags}.${to.index}`).join(' ');
  const equal = known.get(key);
  if (equal) return equal;
  // Until they get their final numbers, states are identified by the order in which they were found.
  const found: State = { edges, index: known.size };
  known.set(key, found);
  return found;
}

/** The states with edges, the start first, each with the index of its first edge. */
function numbered(start: State): State[] {
  const states = new Set<State>([start]);
  for (const { edges } of states) for (const { to } of edges) if (to.edges.length > 0) states.add(to);
  let index = 0;
  for (const state of states) {
    state.index = index;
    index += state.edges.length;
  }
  return [...states];
}
