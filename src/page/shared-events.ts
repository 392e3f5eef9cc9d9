/**
 * Events of all windows over one connection: a browser allows six to one server, over all of its windows, and
 * a window that occupies them blocks the others' requests. A shared worker holds the stream; where it is
 * missing, each window has its own stream.
 */
import type { ReplyState } from '../story/story.ts';
import type { EventHub } from './event-hub.ts';
import type { EventListener, OpenEvents } from './following.ts';

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
