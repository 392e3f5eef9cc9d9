import { Readable } from 'node:stream';
import type { ReplyState } from '../../story/story.ts';

/**
 * How long an idle stream stays silent. The page counts a stream as dead after two and a half times this
 * (`SILENCE_MS` in `page/following.ts`); proxies and phones drop connections that are silent for longer.
 */
export const KEEP_ALIVE_MS = 10_000;

/** What a browser waits before it connects again, unless the page knows better. */
const RETRY_MS = 1_000;

/** Some proxies and virus scanners hold back the first kilobytes of an answer: these fill them. */
const PADDING = `:${' '.repeat(2_048)}\n`;

/** An event and not a comment: a page never learns of comments. */
const ALIVE = 'event: alive\ndata: 1\n\n';

/** What a stream carries. */
export interface SnapshotStreamOptions {
  /** The replies that it tells of; it ends when none of them goes on. */
  readonly ids: readonly string[];
  /** What is sent of a reply; `state` is undefined for one that is not known. */
  readonly message: (id: string, state: ReplyState | undefined) => unknown;
  readonly keepAliveMs?: number;
}

/**
 * Replies as server-sent events. A pull stream rather than a hijacked response: the stream is asked for
 * data only when the client has taken what it was sent, so a slow client gets the newest states and never a
 * queue of stale ones; and Fastify keeps its headers, its hooks and the clean-up after a lost connection.
 */
export class SnapshotStream extends Readable {
  readonly #message: SnapshotStreamOptions['message'];
  /** Replies that have not told their end yet. */
  readonly #open: Set<string>;
  /** What the client has not been sent yet, the newest of each reply. */
  readonly #newest = new Map<string, ReplyState | undefined>();
  #finishing = false;
  #wanted = false;
  #aliveDue = false;
  #release: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor({ ids, message, keepAliveMs = KEEP_ALIVE_MS }: SnapshotStreamOptions) {
    // No read-ahead: whatever is buffered here is stale by the time it leaves.
    super({ highWaterMark: 0 });
    this.#message = message;
    this.#open = new Set(ids);
    this.#timer = setInterval(() => {
      this.#aliveDue = true;
      this.#flush();
    }, keepAliveMs).unref();
    // At once, so that the client sees its headers even when the first state is late.
    this.push(`${PADDING}retry: ${RETRY_MS}\n\n`);
  }

  /**
   * Takes a new state of a reply; it replaces one that the client has not been sent yet. Undefined: the reply
   * is not known.
   */
  offer(id: string, state: ReplyState | undefined): void {
    if (this.#finishing || !this.#open.has(id)) return;
    this.#newest.set(id, state);
    if (state === undefined || state.status === 'finished' || state.status === 'failed') {
      this.#open.delete(id);
    }
    this.#flush();
  }

  /** Calls `release` when nobody listens any more, however that came about. */
  onEnd(release: () => void): void {
    if (this.destroyed) release();
    else this.#release = release;
  }

  /** Ends the stream after what it still has to say; the client connects again if it was not the end. */
  finish(): void {
    this.#finishing = true;
    this.#flush();
  }

  override _read(): void {
    this.#wanted = true;
    this.#flush();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#timer);
    this.#newest.clear();
    this.#release?.();
    this.#release = undefined;
    done(error);
  }

  #flush(): void {
    if (!this.#wanted || this.destroyed) return;
    if (this.#newest.size > 0) {
      const messages = [...this.#newest].map(([id, state]) => JSON.stringify(this.#message(id, state)));
      this.#newest.clear();
      this.#send(messages.map((message) => `data: ${message}\n\n`).join(''));
    } else if (this.#finishing || this.#open.size === 0) {
      this.#wanted = false;
      clearInterval(this.#timer);
      this.push(null);
    } else if (this.#aliveDue) {
      this.#send(ALIVE);
    }
  }

  #send(text: string): void {
    this.#wanted = false;
    this.#aliveDue = false;
    this.push(text);
  }
}
