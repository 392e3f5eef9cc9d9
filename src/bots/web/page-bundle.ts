/** How esbuild bundles the page: when the sources are compiled, or when a server starts from the sources. */
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

/** The folder of the page's sources. */
export const PAGE_SOURCE = join(import.meta.dirname, '../../page');

/** For the oldest supported browsers; the result stays in memory. */
export const BUNDLING = {
  bundle: true,
  minify: true,
  write: false,
  outdir: '/',
  format: 'esm',
  platform: 'browser',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'none',
} as const satisfies BuildOptions;

/** Scripts that the page loads when it needs them; see `page/on-demand.ts`. */
export const ON_DEMAND = [
  { in: join(PAGE_SOURCE, 'download.ts'), out: 'export' },
  { in: join(PAGE_SOURCE, 'likelihoods/view.ts'), out: 'likelihoods' },
  { in: join(PAGE_SOURCE, 'read-aloud.ts'), out: 'read-aloud' },
  { in: join(PAGE_SOURCE, 'share-panel.ts'), out: 'share' },
  { in: join(PAGE_SOURCE, 'ways/view.ts'), out: 'ways' },
];

/** Style sheets that such a script loads. */
export const STYLES_ON_DEMAND = [
  { in: join(PAGE_SOURCE, 'likelihoods/likelihoods.css'), out: 'likelihoods' },
  { in: join(PAGE_SOURCE, 'ways/ways.css'), out: 'ways' },
];

/** The page of a server: `page.js`, `page.css`, `events.js`, its shared worker, and the scripts on demand. */
export const PAGE_BUNDLE = {
  ...BUNDLING,
  entryPoints: [
    { in: join(PAGE_SOURCE, 'main.ts'), out: 'page' },
    { in: join(PAGE_SOURCE, 'backend/events-worker.ts'), out: 'events' },
    { in: join(PAGE_SOURCE, 'style.css'), out: 'page' },
    ...ON_DEMAND,
    ...STYLES_ON_DEMAND,
  ],
} satisfies BuildOptions;
