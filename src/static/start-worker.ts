import { workerUrl } from '../page/policy.ts';
import type { WriterThread } from './home.ts';
import type { Order, Report } from './messages.ts';

/** Starts the worker in the folder of the page's script. */
export function startWorker(): WriterThread {
  const url = new URL('worker.js', import.meta.url).href;
  const worker = new Worker(workerUrl(url), { type: 'module' });
  return {
    send: (order: Order) => worker.postMessage(order),
    listen(onReport, onBroken) {
      worker.addEventListener('message', ({ data }: MessageEvent<Report>) => onReport(data));
      worker.addEventListener('error', onBroken);
      worker.addEventListener('messageerror', onBroken);
    },
  };
}
