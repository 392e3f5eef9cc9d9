import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { compiledFile } from '../../compiled.ts';
import { ON_DEMAND, PAGE_BUNDLE, PAGE_SOURCE, STYLES_ON_DEMAND } from './page-bundle.ts';

/** Files that are served unchanged from the page's folder, and their types. */
export const PLAIN_FILES: Readonly<Record<string, string>> = {
  'icon.svg': 'image/svg+xml',
  'icon-180.png': 'image/png',
  'icon-192.png': 'image/png',
  'icon-512.png': 'image/png',
  'favicon.ico': 'image/x-icon',
  'robots.txt': 'text/plain; charset=utf-8',
  'manifest.webmanifest': 'application/manifest+json',
};

/** The operator's links on the page; a link without an address is left out. */
export interface PageLinks {
  /** The operator's privacy policy. */
  readonly privacy?: string | undefined;
  /** The program's source code. */
  readonly source?: string | undefined;
}

/** One file of the page, ready to be served. */
interface PageFile {
  /** Its path, such as `/page.js`. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** The comment in `index.html` that the links replace. */
const LINKS_COMMENT = '<!-- links -->\n';

/** Adds the page's files to the server. */
export async function addPage(app: FastifyInstance, links: PageLinks = {}): Promise<void> {
  for (const file of await pageFiles(links)) {
    app.get(file.path, (request, reply) => {
      // The browser always revalidates: a new version shows at once, and an unchanged one costs one small
      // response.
      reply.header('etag', file.etag).header('cache-control', 'no-cache');
      if (isUnchanged(file, request.headers['if-none-match'])) return reply.code(304).send();
      return reply.type(file.type).send(file.body);
    });
  }
}

async function pageFiles(links: PageLinks): Promise<PageFile[]> {
  const bundled = await bundledFiles();
  const scripts = ['page', 'events', ...ON_DEMAND.map(({ out }) => out)].map((name) => `${name}.js`);
  const styles = ['page', ...STYLES_ON_DEMAND.map(({ out }) => out)].map((name) => `${name}.css`);
  return [
    pageFile('/', 'text/html; charset=utf-8', Buffer.from(pageHtml(links))),
    ...scripts.map((name) => pageFile(`/${name}`, 'text/javascript; charset=utf-8', bundled(name))),
    ...styles.map((name) => pageFile(`/${name}`, 'text/css; charset=utf-8', bundled(name))),
    ...Object.entries(PLAIN_FILES).map(([name, type]) =>
      pageFile(`/${name}`, type, readFileSync(join(PAGE_SOURCE, name))),
    ),
  ];
}

/** Reads a bundled file by its name: compiled code has the page beside it, otherwise it is bundled now. */
async function bundledFiles(): Promise<(name: string) => Buffer> {
  const folder = compiledFile('page');
  if (folder !== undefined) return (name) => readFileSync(join(folder, name));
  const { buildSync } = await import('esbuild');
  // Synchronous, so that esbuild's helper process has ended when it returns.
  const { outputFiles } = buildSync({ ...PAGE_BUNDLE, logLevel: 'silent' });
  return (name) => {
    const file = outputFiles.find(({ path }) => basename(path) === name);
    if (file === undefined) throw new Error(`Expected a bundled ${name}, got none`);
    return Buffer.from(file.contents);
  };
}

/** Whether an `If-None-Match` header matches this version of a file. */
function isUnchanged(file: PageFile, ifNoneMatch: string | undefined): boolean {
  return (ifNoneMatch ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag);
}

function pageFile(path: string, type: string, body: Buffer): PageFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { path, type, body, etag: `"${hash}"` };
}

/** The page's HTML with the operator's links. */
export function pageHtml({ privacy, source }: PageLinks): string {
  const links = [...(privacy ? [link('Privacy', privacy)] : []), ...(source ? [link('Source', source)] : [])];
  const nav =
    links.length === 0 ? '' : `<nav class="about" aria-label="About this page">${links.join(' ')}</nav>\n`;
  return readFileSync(join(PAGE_SOURCE, 'index.html'), 'utf8').replace(LINKS_COMMENT, () => nav);
}

function link(text: string, address: string): string {
  const escaped = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<a href="${escaped}">${text}</a>`;
}
