/** The shared worker that holds the event stream of all windows: an entry point of the bundle. */
import { later } from '../browser.ts';
import { EventHub, openStream, serveWindow } from './events.ts';

const hub = new EventHub(openStream, later);
addEventListener('connect', (event) => serveWindow((event as MessageEvent).ports[0]!, hub));
