import type { WriterThread } from './home.ts';
import type { Order, Report } from './messages.ts';

/** The name of the one policy that the page's Content-Security-Policy allows. */
export const WORKER_POLICY = 'scifi-worker';

/** Trusted Types, in the browsers that have them. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** Starts the worker that lies beside the page's script. */
export function startWorker(): WriterThread {
  const url = new URL('worker.js', import.meta.url).href;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy(WORKER_POLICY, { createScriptURL: () => url });
  const worker = new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' });
  return {
    send: (order: Order) => worker.postMessage(order),
    listen(onReport, onBroken) {
      worker.addEventListener('message', ({ data }: MessageEvent<Report>) => onReport(data));
      worker.addEventListener('error', onBroken);
      worker.addEventListener('messageerror', onBroken);
    },
  };
}
