/** How the threads share a decode. No `node:` imports. */

/**
 * With this number of rows for each thread, threads take rows: reading the weights is hardly any work then, and
 * they need not wait for each other. With fewer, threads share units, so that each reads a part of the weights.
 */
const ROWS_OF_A_THREAD = 4;
/** Up to this number of rows, threads share units. */
const MAX_ROWS_BY_UNITS = 8;
/** More threads would wait for each other longer than they compute. */
const MAX_THREADS_BY_UNITS = 8;
/**
 * Rows that a thread takes at a time: three tiles of the widest kernel. More would be hardly faster, and where a
 * thread loses its processor, the others do the rest of the rows sooner with fewer.
 */
const MAX_ROWS_EACH = 18;

export interface Share {
  /** Threads that take part. */
  readonly threads: number;
  /** Rows that a thread takes at a time; 0 where the threads share the units of all rows. */
  readonly rowsEach: number;
}

/** Decodes of few rows that one thread does after threads could not go on together: the first and most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [2, 128];

/**
 * Decides how each decode is shared. Threads that share units wait for each other after every layer, so they
 * need a processor each: where one was taken away, a single thread does the next decodes of few rows, and the
 * longer the more often it happens.
 */
export class Shares {
  readonly #threads: number;
  #pause = FIRST_PAUSE;
  #left = 0;

  /** @param threads number of threads there are */
  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Number of rows from which on every thread has work of its own. */
  get rowsForAll(): number {
    return ROWS_OF_A_THREAD * this.#threads;
  }

  next(rows: number): Share {
    const threads = this.#threads;
    if (threads > 1 && rows <= MAX_ROWS_BY_UNITS && rows < this.rowsForAll) {
      if (this.#left === 0) return { threads: Math.min(threads, MAX_THREADS_BY_UNITS), rowsEach: 0 };
      this.#left -= 1;
      return { threads: 1, rowsEach: rows };
    }
    // As many parts for each thread, of as equal sizes as possible.
    const parts = threads * Math.ceil(rows / (threads * MAX_ROWS_EACH));
    const rowsEach = Math.ceil(rows / parts);
    return { threads: Math.min(threads, Math.ceil(rows / rowsEach)), rowsEach };
  }

  /**
   * Learns from a decode whose threads shared units.
   *
   * @param wasLeftToOne whether they could not go on together
   */
  learn(wasLeftToOne: boolean): void {
    this.#left = wasLeftToOne ? this.#pause : 0;
    this.#pause = wasLeftToOne ? Math.min(2 * this.#pause, LONGEST_PAUSE) : FIRST_PAUSE;
  }
}
