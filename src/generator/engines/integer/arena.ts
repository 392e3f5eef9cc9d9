/** Places arrays in a memory before it exists. No `node:` imports. */

/** A cache line, and the widest vector. */
const ALIGNMENT = 64;

export class Arena {
  #end: number;

  /** @param start bytes at the memory's start that are not used */
  constructor(start: number) {
    this.#end = start;
  }

  /** Reserves bytes and returns their offset, a multiple of 64 and never 0. */
  reserve(bytes: number): number {
    const at = Math.ceil(Math.max(1, this.#end) / ALIGNMENT) * ALIGNMENT;
    this.#end = at + bytes;
    return at;
  }

  /** Bytes that the memory needs. */
  get size(): number {
    return this.#end;
  }
}

/** One memory, seen as each type of number. */
export class Views {
  readonly bytes: Uint8Array;
  readonly weights: Int8Array;
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;

  /** @param buffer of a multiple of 8 bytes */
  constructor(buffer: ArrayBufferLike) {
    this.bytes = new Uint8Array(buffer);
    this.weights = new Int8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }
}
