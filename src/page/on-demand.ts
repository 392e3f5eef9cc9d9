/** The scripts, and their style sheets, that a page loads when it needs them for the first time. */
import { make } from './browser.ts';

/** The modules of `ON_DEMAND` in `bots/web/page-bundle.ts`, by the names of their bundles. */
interface Scripts {
  readonly export: typeof import('./download.ts');
  readonly likelihoods: typeof import('./likelihoods/view.ts');
  readonly share: typeof import('./share-panel.ts');
  readonly ways: typeof import('./ways/view.ts');
  readonly 'read-aloud': typeof import('./read-aloud.ts');
}

/** Those of `STYLES_ON_DEMAND`, and their loading. */
const styles = new Map<string, Promise<unknown> | undefined>([
  ['likelihoods', undefined],
  ['ways', undefined],
]);

/** Loads a script, once, and its style sheet if it has one; they lie beside the page's own. */
export async function load<Name extends keyof Scripts>(name: Name): Promise<Scripts[Name]> {
  const address = (extension: string) => new URL(`${name}.${extension}`, import.meta.url).href;
  if (styles.has(name)) {
    if (!styles.get(name)) styles.set(name, loadStyle(address('css')));
    await styles.get(name);
  }
  return import(address('js'));
}

/** Resolves also when it cannot be loaded: a page without it still works. */
function loadStyle(href: string): Promise<unknown> {
  const link = make('link', { rel: 'stylesheet', href });
  document.head.append(link);
  return new Promise((resolve) => {
    link.onload = resolve;
    link.onerror = resolve;
  });
}
