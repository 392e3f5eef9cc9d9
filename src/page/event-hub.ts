/**
 * Carries the events of many replies over one connection. Does not use the DOM, so that a worker can run it.
 */
import type { ReplyState } from '../story/story.ts';
import type { EventListener } from './following.ts';

/** The events of one stream, for all its replies. */
export interface StreamListener {
  /** `state` is null for a reply that the server does not know. */
  onState(id: string, state: ReplyState | null): void;
  onAlive(): void;
  onLoss(): void;
}

/** Opens a stream of these replies; the returned function closes it. */
export type OpenStream = (ids: readonly string[], listener: StreamListener) => () => void;

/** Most replies in one stream; the server's limit. */
const MAX_REPLIES = 16;
/** Followers that register within this time share one stream. */
const GATHER_MS = 30;

interface Follower {
  readonly id: string;
  readonly listener: EventListener;
}

/**
 * One stream for all followers. A new follower causes a new stream to replace the old one, so that the
 * follower gets the present state at once, and a stream that died silently is not kept.
 */
export class EventHub {
  readonly #open: OpenStream;
  readonly #later: (ms: number, run: () => void) => () => void;
  readonly #followers = new Set<Follower>();
  #close = () => {};
  #cancel: (() => void) | undefined;

  /** @param later calls `run` after `ms`, unless the returned function was called before */
  constructor(open: OpenStream, later: (ms: number, run: () => void) => () => void) {
    this.#open = open;
    this.#later = later;
  }

  /** Reports a reply to a listener until the returned function is called, or until the stream is lost. */
  follow(id: string, listener: EventListener): () => void {
    const follower = { id, listener };
    this.#followers.add(follower);
    this.#cancel ??= this.#later(GATHER_MS, () => this.#reopen());
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#end();
    };
  }

  #reopen(): void {
    this.#end();
    const ids = [...new Set([...this.#followers].map(({ id }) => id))];
    const carried = ids.slice(0, MAX_REPLIES);
    const tell = (run: (follower: Follower) => void) => {
      for (const follower of [...this.#followers]) if (carried.includes(follower.id)) run(follower);
    };
    this.#close = this.#open(carried, {
      onState: (id, state) =>
        tell((follower) => {
          if (follower.id !== id) return;
          if (state === null) this.#lose(follower);
          else follower.listener.onState(state);
        }),
      onAlive: () => tell(({ listener }) => listener.onAlive()),
      onLoss: () => {
        this.#close();
        tell((follower) => this.#lose(follower));
      },
    });
    for (const follower of [...this.#followers]) if (!carried.includes(follower.id)) this.#lose(follower);
  }

  #lose(follower: Follower): void {
    this.#followers.delete(follower);
    follower.listener.onLoss();
  }

  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#close();
    this.#close = () => {};
  }
}
