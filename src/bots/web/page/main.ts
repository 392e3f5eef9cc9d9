/** The page on its server. */
import { Api } from './api.ts';
import { openPage } from './page.ts';
import { openEvents, visibleTabGate } from './surroundings.ts';

openPage({
  api: new Api((...request) => fetch(...request)),
  openEvents,
  gate: visibleTabGate(),
  remembers: true,
});
