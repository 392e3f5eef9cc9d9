/** Admits one call at a time to an engine: each call starts from the state that the previous one left. */
export class Mutex {
  #running: Promise<unknown> | undefined;
  #closed = false;

  /**
   * Starts synchronously, so later calls on the engine run after it.
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

  /** Rejects new calls and runs `release` once, after the call in progress has ended. */
  async close(release: () => unknown): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running?.catch(() => {});
    await release();
  }
}
