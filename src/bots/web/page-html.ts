import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the page's sources. */
export const PAGE_SOURCE = join(import.meta.dirname, '../../page');

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

const PLACE = '<!-- links -->\n';

/** The page's HTML with the operator's links. */
export function pageHtml({ privacy, source }: PageLinks): string {
  const links = [...(privacy ? [link('Privacy', privacy)] : []), ...(source ? [link('Source', source)] : [])];
  const nav =
    links.length === 0 ? '' : `<nav class="about" aria-label="About this page">${links.join(' ')}</nav>\n`;
  return readFileSync(join(PAGE_SOURCE, 'index.html'), 'utf8').replace(PLACE, () => nav);
}

function link(text: string, address: string): string {
  const escaped = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<a href="${escaped}">${text}</a>`;
}
