/** Lets one call at a time into an engine: what one leaves behind is what the next one begins with. */
export class Mutex {
  #running: Promise<unknown> | undefined;
  #closed = false;

  /**
   * Begins at once: what somebody does to the engine after this comes after the call.
   *
   * @throws Error while another call is under way, and after `close`
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('Expected the engine to be open, got a call after `close`.');
    if (this.#running) throw new Error('Expected one call at a time, got another before the last had ended.');
    const running = work();
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Lets nobody in any more and releases what there is, once, when the call that is under way has ended. */
  async close(release: () => unknown): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running?.catch(() => {});
    await release();
  }
}
