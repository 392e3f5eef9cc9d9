import { Readable } from 'node:stream';
import type { ReplyState } from '../../story.ts';

/** How long an idle connection stays silent; proxies and phones drop those that are silent for longer. */
export const KEEP_ALIVE_MS = 15_000;

/** What a browser waits before it connects again, unless the page knows better. */
const RETRY_MS = 1_000;

/**
 * One reply as server-sent events. A pull stream rather than a hijacked response: the stream is asked for
 * data only when the client has taken what it was sent, so a slow client gets the newest state and never a
 * queue of stale ones; and Fastify keeps its headers, its hooks and the clean-up after a lost connection.
 */
export class SnapshotStream extends Readable {
  #newest: ReplyState | undefined;
  #final = false;
  #wanted = false;
  #pulseDue = false;
  #release: (() => void) | undefined;
  readonly #pulse: NodeJS.Timeout;

  constructor(keepAliveMs = KEEP_ALIVE_MS) {
    // No read-ahead: whatever is buffered here is stale by the time it leaves.
    super({ highWaterMark: 0 });
    this.#pulse = setInterval(() => this.#beat(), keepAliveMs).unref();
    // At once, so that the client sees its headers even when the first state is late.
    this.push(`retry: ${RETRY_MS}\n\n`);
  }

  /** Takes a new state; it replaces one that the client has not been sent yet. */
  offer(state: ReplyState): void {
    if (this.#final) return;
    this.#newest = state;
    this.#final = state.status === 'finished' || state.status === 'failed';
    this.#flush();
  }

  /** Calls `release` when nobody listens any more, however that came about. */
  onEnd(release: () => void): void {
    if (this.destroyed) release();
    else this.#release = release;
  }

  /** Ends the stream after what it still has to say; the client connects again if it was not the end. */
  finish(): void {
    this.#final = true;
    this.#flush();
  }

  override _read(): void {
    this.#wanted = true;
    this.#flush();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#pulse);
    this.#newest = undefined;
    this.#release?.();
    this.#release = undefined;
    done(error);
  }

  #beat(): void {
    this.#pulseDue = true;
    this.#flush();
  }

  #flush(): void {
    if (!this.#wanted || this.destroyed) return;
    if (this.#newest !== undefined) {
      const state = this.#newest;
      this.#newest = undefined;
      this.#send(`data: ${JSON.stringify(state)}\n\n`);
    } else if (this.#final) {
      this.#wanted = false;
      clearInterval(this.#pulse);
      this.push(null);
    } else if (this.#pulseDue) {
      this.#send(': still here\n\n');
    }
  }

  #send(text: string): void {
    this.#wanted = false;
    this.#pulseDue = false;
    this.push(text);
  }
}
