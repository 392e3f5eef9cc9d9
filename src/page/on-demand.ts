/** The scripts that a page loads when it needs them for the first time. */

/** The modules of `ON_DEMAND` in `bots/web/page-bundle.ts`, by the names of their bundles. */
interface Scripts {
  readonly export: typeof import('./story-file.ts');
  readonly likelihoods: typeof import('./likelihoods/view.ts');
  readonly 'read-aloud': typeof import('./read-aloud.ts');
}

/** Loads a script, once; it lies beside the page's own. */
export function load<Name extends keyof Scripts>(name: Name): Promise<Scripts[Name]> {
  return import(new URL(`${name}.js`, import.meta.url).href);
}
