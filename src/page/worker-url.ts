/** Addresses of workers, in a page whose policy lets no other text become a script. */

/** The name of the one policy that the Content-Security-Policy allows. */
export const WORKER_POLICY = 'scifi-worker';

/** Trusted Types, in the browsers that have them. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** The address of a worker's script, as its constructor takes it. To be called once: a policy is made once. */
export function workerUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy(WORKER_POLICY, { createScriptURL: () => url });
  return policy?.createScriptURL(url) ?? url;
}
