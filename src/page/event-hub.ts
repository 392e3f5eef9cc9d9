/** Carries the events of many replies over one connection. Free of the DOM: a worker may hold it. */
import type { ReplyState } from '../story/story.ts';
import type { EventListener } from './following.ts';

/** What one stream says of all its replies. */
export interface StreamListener {
  /** `state` is null for a reply that the server does not know. */
  onState(id: string, state: ReplyState | null): void;
  onAlive(): void;
  onLoss(): void;
}

/** Opens a stream of these replies; the function that is returned closes it. */
export type OpenStream = (ids: readonly string[], listener: StreamListener) => () => void;

/** Replies that one stream tells of, as the server allows. */
const MAX_REPLIES = 16;
/** Followers who come together share one stream from its beginning. */
const GATHER_MS = 30;

interface Follower {
  readonly id: string;
  readonly listener: EventListener;
}

/**
 * One stream for all followers. Whenever a follower comes, a new stream replaces the old one, so that it hears
 * the present state at once, and so that a stream which died without a word is not kept.
 */
export class EventHub {
  readonly #open: OpenStream;
  readonly #later: (ms: number, run: () => void) => () => void;
  readonly #followers = new Set<Follower>();
  #close = () => {};
  #cancel: (() => void) | undefined;

  /** @param later calls `run` after `ms`, unless the function that is returned was called before */
  constructor(open: OpenStream, later: (ms: number, run: () => void) => () => void) {
    this.#open = open;
    this.#later = later;
  }

  /** Has a listener told of a reply until the function that is returned is called, or until its loss. */
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
