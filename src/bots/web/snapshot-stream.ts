import { Readable } from 'node:stream';
import { isFinal, type ReplyState } from '../../story/story.ts';

/**
 * How long an idle stream stays silent. The page treats a stream as dead after two and a half times this
 * (`SILENCE_MS` in `page/following.ts`); proxies and phones drop connections that are silent for longer.
 */
export const KEEP_ALIVE_MS = 10_000;

/** How long a browser waits before it reconnects, unless the page sets its own delay. */
const RETRY_MS = 1_000;

/** Some proxies and virus scanners buffer the first kilobytes of a response: these bytes fill the buffer. */
const PADDING = `:${' '.repeat(2_048)}\n`;

/** An event, because a browser does not report comments to the page. */
const ALIVE = 'event: alive\ndata: 1\n\n';

/** The content of a stream. */
export interface SnapshotStreamOptions {
  /** The replies that it reports; the stream ends when all of them are final. */
  readonly ids: readonly string[];
  /** The message for a state of a reply; `state` is undefined for an unknown reply. */
  readonly message: (id: string, state: ReplyState | undefined) => unknown;
  readonly keepAliveMs?: number;
}

/**
 * Replies as server-sent events. A pull stream, not a hijacked response: data is requested only when the
 * client has taken the previous data, so a slow client gets the newest states and never a queue of stale
 * ones; and Fastify keeps its headers, its hooks and the clean-up after a lost connection.
 */
export class SnapshotStream extends Readable {
  readonly #message: SnapshotStreamOptions['message'];
  /** Replies whose final state was not yet offered. */
  readonly #open: Set<string>;
  /** The newest unsent state of each reply. */
  readonly #newest = new Map<string, ReplyState | undefined>();
  #finishing = false;
  #wanted = false;
  #aliveDue = false;
  #release: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor({ ids, message, keepAliveMs = KEEP_ALIVE_MS }: SnapshotStreamOptions) {
    // No read-ahead: buffered data would be stale when it is sent.
    super({ highWaterMark: 0 });
    this.#message = message;
    this.#open = new Set(ids);
    this.#timer = setInterval(() => {
      this.#aliveDue = true;
      this.#flush();
    }, keepAliveMs).unref();
    // Sent at once, so that the client sees the headers even when the first state is late.
    this.push(`${PADDING}retry: ${RETRY_MS}\n\n`);
  }

  /** Takes a new state of a reply; it replaces an unsent one. Undefined: the reply is unknown. */
  offer(id: string, state: ReplyState | undefined): void {
    if (this.#finishing || !this.#open.has(id)) return;
    this.#newest.set(id, state);
    if (state === undefined || isFinal(state)) this.#open.delete(id);
    this.#flush();
  }

  /** Calls `release` when the stream has closed for any reason. */
  onEnd(release: () => void): void {
    if (this.destroyed) release();
    else this.#release = release;
  }

  /** Ends the stream after its unsent states; the client reconnects if a reply was not final. */
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
