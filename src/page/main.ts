/** The page with a server. */
import { Api } from './api.ts';
import { visibleWindowGate } from './environment.ts';
import { EventHub } from './event-hub.ts';
import { later, openStream } from './event-source.ts';
import { openPage } from './page.ts';
import { workerUrl } from './policy.ts';
import { sharedEvents } from './shared-events.ts';

/** Part of the worker's name, so that windows of different versions of the page share no worker. */
const PROTOCOL = 1;

function connectWorker(onBroken: () => void): MessagePort | undefined {
  if (!('SharedWorker' in window)) return undefined;
  const url = workerUrl(new URL('events.js', import.meta.url).href);
  const worker = new SharedWorker(url, `events.${PROTOCOL}`);
  worker.onerror = onBroken;
  return worker.port;
}

openPage({
  api: new Api((...request) => fetch(...request)),
  openEvents: sharedEvents(connectWorker, new EventHub(openStream, later)),
  gate: visibleWindowGate(),
  remembers: true,
});
