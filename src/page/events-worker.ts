/** The shared worker that holds the event stream of all windows. Wiring only. */
import { EventHub } from './event-hub.ts';
import { later, openStream } from './event-source.ts';
import { serveWindow } from './shared-events.ts';

const hub = new EventHub(openStream, later);
addEventListener('connect', (event) => serveWindow((event as MessageEvent).ports[0]!, hub));
