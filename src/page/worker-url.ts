/** Script URLs of workers, for a page whose policy forbids all other text as a script. */

/** The name of the one policy that the Content-Security-Policy allows. */
export const WORKER_POLICY = 'scifi-worker';

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
