/** Server-sent events and timers, for pages and workers. */
import type { OpenStream } from './event-hub.ts';

/** Server-sent events, one attempt: the caller decides about retries. */
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

/** Calls `run` after `ms`, unless the returned function was called before. */
export function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
