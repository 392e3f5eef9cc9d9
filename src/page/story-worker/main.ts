/** The Web Worker that writes stories, so that the page stays responsive: an entry point of the bundle. */
import type { EngineName } from '../../generator/engines/choose.ts';
import type { Order, Report } from '../backend/worker.ts';
import { BrowserEngines } from './engines.ts';
import { fetchModel } from './fetch-model.ts';
import { BrowserModelRegistry } from './models.ts';
import { StoryWriter } from './writer.ts';

/** Set by the build. */
declare const STATIC_ENGINE: EngineName | 'auto';

const here = new URL('./', location.href);
const report = (message: Report) => postMessage(message);
const models = new BrowserModelRegistry({
  fetchModel: (name, onProgress) => fetchModel(new URL(`models/${name}/`, here), name, onProgress),
  engines: new BrowserEngines({ engine: STATIC_ENGINE, binaries: new URL('wasm/', here) }),
  onStatus: (status) => report({ type: 'status', status }),
});
const writer = new StoryWriter(models, report, () => performance.now());
addEventListener('message', ({ data }: MessageEvent<Order>) => writer.handle(data));
