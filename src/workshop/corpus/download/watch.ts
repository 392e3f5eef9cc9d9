/** Timeouts of an attempt, and the error of a failed one. */

/** A temporary failure. */
export class Passing extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Ends an attempt that takes too long, in total or since the last progress. */
export class Watch {
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #stalledMs: number;
  readonly #total: NodeJS.Timeout;
  #stall: NodeJS.Timeout | undefined;

  constructor(
    { attemptMs, stalledMs }: { readonly attemptMs: number; readonly stalledMs: number },
    outer: AbortSignal | undefined,
  ) {
    this.signal = outer ? AbortSignal.any([this.#over.signal, outer]) : this.#over.signal;
    this.#stalledMs = stalledMs;
    this.#total = setTimeout(() => this.#end(`it took more than ${attemptMs / 1_000} s`), attemptMs);
  }

  alive(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(
      () => this.#end(`no data arrived for ${this.#stalledMs / 1_000} s`),
      this.#stalledMs,
    );
  }

  /** The rest of the response is discarded. */
  stop(): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#total);
    this.#over.abort();
  }

  #end(reason: string): void {
    this.#over.abort(new Passing(reason));
  }
}
