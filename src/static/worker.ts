/** The Web Worker that runs the model, so that the page stays responsive. Wiring only. */
import type { EngineName } from '../generator/engines/choose.ts';
import { browserEngines } from './engines.ts';
import { fetchModel } from './fetch-model.ts';
import type { Order, Report } from './messages.ts';
import { BrowserModelRegistry } from './shelf.ts';
import { Writer } from './writer.ts';

/** Set by the build. */
declare const STATIC_ENGINE: EngineName | 'auto';

const here = new URL('./', location.href);
const report = (message: Report) => postMessage(message);
const shelf = new BrowserModelRegistry({
  fetchModel: (name, onProgress) => fetchModel(new URL(`models/${name}/`, here), name, onProgress),
  engines: browserEngines(STATIC_ENGINE, new URL('wasm/', here).href),
  onStatus: (status) => report({ type: 'status', status }),
});
const writer = new Writer({ shelf, report, clock: () => performance.now() });
addEventListener('message', ({ data }: MessageEvent<Order>) => writer.obey(data));
