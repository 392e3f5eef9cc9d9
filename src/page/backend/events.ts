/**
 * The events of all replies over one connection: a browser allows six to one server, over all of its windows,
 * and a window that occupies them blocks the others' requests. A shared worker holds the stream; where it is
 * missing, each window has its own stream.
 */
import type { ReplyState } from '../../story/story.ts';
import type { EventListener, OpenEvents } from './backend.ts';

/** Receives the events of one stream, for all its replies. */
export interface StreamListener {
  /** `state` is null for a reply that the server does not know. */
  onState(id: string, state: ReplyState | null): void;
  onAlive(): void;
  onLoss(): void;
}

/** Opens a stream of these replies; the returned function closes it. */
export type OpenStream = (ids: readonly string[], listener: StreamListener) => () => void;

/** Server-sent events, one attempt: the caller decides about retries. Runs in windows and workers. */
export const openStream: OpenStream = (ids, { onState, onAlive, onLoss }) => {
  const source = new EventSource(new URL(`api/events?ids=${ids.join(',')}`, location.href));
  source.onmessage = ({ data }) => {
    const { id, state } = JSON.parse(data);
    onState(id, state);
  };
  source.addEventListener('alive', onAlive);
  source.onerror = onLoss;
  return () => source.close();
};

/** Most replies in one stream, the unfinished ones of all windows of one browser; the server refuses more. */
export const MAX_REPLIES = 16;
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
    const included = ids.slice(0, MAX_REPLIES);
    const each = (run: (follower: Follower) => void) => {
      for (const follower of [...this.#followers]) if (included.includes(follower.id)) run(follower);
    };
    this.#close = this.#open(included, {
      onState: (id, state) =>
        each((follower) => {
          if (follower.id !== id) return;
          if (state === null) this.#drop(follower);
          else follower.listener.onState(state);
        }),
      onAlive: () => each(({ listener }) => listener.onAlive()),
      onLoss: () => {
        this.#close();
        each((follower) => this.#drop(follower));
      },
    });
    for (const follower of [...this.#followers]) if (!included.includes(follower.id)) this.#drop(follower);
  }

  #drop(follower: Follower): void {
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

/** From a window to the worker. */
export type Order =
  | { readonly type: 'follow'; readonly key: number; readonly id: string }
  | { readonly type: 'leave'; readonly key: number };

/** From the worker to a window. */
export type Report =
  | { readonly type: 'state'; readonly key: number; readonly state: ReplyState }
  | { readonly type: 'alive' | 'loss'; readonly key: number };

/** The required part of a `MessagePort`. */
export interface Port {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** Handles one window's orders, in the worker. */
export function serveWindow(port: Port, hub: Pick<EventHub, 'follow'>): void {
  const leaves = new Map<number, () => void>();
  const report = (message: Report) => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<Order>) => {
    const { key } = data;
    if (data.type === 'leave') {
      leaves.get(key)?.();
      leaves.delete(key);
      return;
    }
    const leave = hub.follow(data.id, {
      onState: (state) => report({ type: 'state', key, state }),
      onAlive: () => report({ type: 'alive', key }),
      onLoss: () => {
        leaves.delete(key);
        report({ type: 'loss', key });
      },
    });
    leaves.set(key, leave);
  };
}

/**
 * Events for one window.
 *
 * @param connect starts the worker or connects to it; undefined or an exception where it is missing.
 *   `onBroken` is called when its script cannot be loaded
 * @param own the window's own stream, used where there is no worker
 */
export function sharedEvents(
  connect: (onBroken: () => void) => Port | undefined,
  own: Pick<EventHub, 'follow'>,
): OpenEvents {
  const listeners = new Map<number, EventListener>();
  let keys = 0;
  const onBroken = () => {
    port = undefined;
    const all = [...listeners.values()];
    listeners.clear();
    for (const { onLoss } of all) onLoss();
  };
  let port: Port | undefined;
  try {
    port = connect(onBroken);
  } catch {
    // Shared workers are forbidden: falls back to the window's own stream.
  }
  if (port) {
    port.onmessage = ({ data }: MessageEvent<Report>) => {
      const listener = listeners.get(data.key);
      if (data.type === 'state') listener?.onState(data.state);
      else if (data.type === 'alive') listener?.onAlive();
      else {
        listeners.delete(data.key);
        listener?.onLoss();
      }
    };
  }
  return (id, listener) => {
    if (!port) return own.follow(id, listener);
    const key = keys++;
    listeners.set(key, listener);
    port.postMessage({ type: 'follow', key, id } satisfies Order);
    return () => {
      if (listeners.delete(key)) port?.postMessage({ type: 'leave', key } satisfies Order);
    };
  };
}
