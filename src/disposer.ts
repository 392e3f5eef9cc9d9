import type { Logger } from 'pino';

/** What has to be undone of something that was opened. */
export type Close = () => unknown;

/** Keeps what was opened, and closes it in reverse order. One that fails to close is logged, and the rest follow. */
export class Disposer {
  readonly #logger: Logger;
  readonly #closers: Close[] = [];
  #closed: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds what was opened just now. After `close` it is closed at once. */
  add(close: Close): void {
    if (this.#closed) void this.#closed.then(() => this.#close(close));
    else this.#closers.push(close);
  }

  /** Closes everything, once; resolves when all has been tried. */
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
