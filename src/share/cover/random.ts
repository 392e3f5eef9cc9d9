/** Random choices that a key fixes: the same key gives the same cover on every machine. */
import { createHash } from 'node:crypto';

const WORDS = 4;
const UINT32 = 2 ** 32;

export class Random {
  /** The state of sfc32 (Chris Doty-Humphrey's small fast counter generator). */
  readonly #state: Uint32Array;

  constructor(key: string) {
    const digest = createHash('sha256').update(key).digest();
    this.#state = Uint32Array.from({ length: WORDS }, (_, index) => digest.readUInt32LE(4 * index));
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    const [a, b, c, counter] = this.#state as unknown as [number, number, number, number];
    const sum = (a + b + counter) >>> 0;
    this.#state[3] = counter + 1;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum / UINT32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }
}
