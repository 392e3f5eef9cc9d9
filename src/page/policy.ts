/** What a browser lets the page do, and how the page starts a worker under these rules. */

/** The name of the one Trusted Types policy that is allowed. */
const WORKER_POLICY = 'scifi-worker';

/**
 * The Content-Security-Policy of the page. No inline code, no external sources; and no upgrade to https,
 * because the page is served over plain http on localhost.
 */
export const PAGE_POLICY: Readonly<Record<string, readonly string[]>> = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'worker-src': ["'self'"],
  'connect-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'manifest-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  // No string becomes markup or code, regardless of the content of a story or a prompt.
  'require-trusted-types-for': ["'script'"],
  'trusted-types': [WORKER_POLICY],
};

/** Trusted Types, in browsers that support them. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/**
 * The URL of a worker's script, as its constructor accepts it. To be called once: a policy can be created
 * only once.
 */
export function workerUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy(WORKER_POLICY, { createScriptURL: () => url });
  return policy?.createScriptURL(url) ?? url;
}
