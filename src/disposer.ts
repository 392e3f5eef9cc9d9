import type { Logger } from 'pino';

/** Undoes the opening of a resource. */
export type Close = () => unknown;

/**
 * Keeps opened resources and closes them in reverse order. A close that fails is logged, and the rest follow.
 */
export class Disposer {
  readonly #logger: Logger;
  readonly #closers: Close[] = [];
  #closed: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a resource that was just opened. After `close` it is closed at once. */
  add(close: Close): void {
    if (this.#closed) void this.#closed.then(() => this.#close(close));
    else this.#closers.push(close);
  }

  /** Closes everything, once; resolves when every close has been tried. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await this.#close(close);
  }

  async #close(close: Close): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'closing');
    }
  }
}
