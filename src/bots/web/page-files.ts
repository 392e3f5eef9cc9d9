import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { PAGE_SOURCE, type PageLinks, PLAIN_FILES, pageHtml } from './page-html.ts';

/** One file of the page, ready to be served. */
export interface PageFile {
  /** Its path, such as `/page.js`. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** The oldest supported browsers. */
export const BROWSERS = ['chrome111', 'firefox115', 'safari16.4'];

/**
 * Bundles the page in memory. Synchronous, so that esbuild's helper process has ended when it returns; it
 * takes some tens of milliseconds, once, before the server listens.
 */
export function bundlePage(links: PageLinks = {}): PageFile[] {
  const built = buildSync({
    entryPoints: [
      { in: join(PAGE_SOURCE, 'main.ts'), out: 'page' },
      { in: join(PAGE_SOURCE, 'events-worker.ts'), out: 'events' },
      { in: join(PAGE_SOURCE, 'style.css'), out: 'page' },
    ],
    bundle: true,
    minify: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: BROWSERS,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const bundled = (name: string) => {
    const file = built.outputFiles.find(({ path }) => basename(path) === name);
    if (file === undefined) throw new Error(`Expected a bundled ${name}, got none`);
    return Buffer.from(file.contents);
  };
  return [
    pageFile('/', 'text/html; charset=utf-8', Buffer.from(pageHtml(links))),
    pageFile('/page.js', 'text/javascript; charset=utf-8', bundled('page.js')),
    pageFile('/events.js', 'text/javascript; charset=utf-8', bundled('events.js')),
    pageFile('/page.css', 'text/css; charset=utf-8', bundled('page.css')),
    ...Object.entries(PLAIN_FILES).map(([name, type]) =>
      pageFile(`/${name}`, type, readFileSync(join(PAGE_SOURCE, name))),
    ),
  ];
}

/** Whether an `If-None-Match` header matches this version of a file. */
export function isUnchanged(file: PageFile, ifNoneMatch: string | undefined): boolean {
  return (ifNoneMatch ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag);
}

function pageFile(path: string, type: string, body: Buffer): PageFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { path, type, body, etag: `"${hash}"` };
}
