/**
 * Guard against DNS rebinding: a hostile site can point its own name at 127.0.0.1 and would then share an
 * origin with a server that answers to every name. A server on a loopback address answers only to its own.
 */

/** Names that always mean this machine. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether only this machine can reach a server bound to `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The name in a `Host` header, lower case and without its port; undefined when the header is no host. */
export function hostName(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^\s:[\]/@?#]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1];
}

/**
 * Makes the check for a server bound to `host`. Bound to the network and without `allowedHosts`, every name
 * is its own, because the server cannot know what it is called there.
 */
export function hostGuard(host: string, allowedHosts: readonly string[]) {
  const allowed = new Set([...LOOPBACK_NAMES, ...allowedHosts.map((name) => name.toLowerCase())]);
  const anyName = !isLoopback(host) && allowedHosts.length === 0;
  return (header: string | undefined): boolean => {
    const name = hostName(header);
    return name !== undefined && (anyName || allowed.has(name));
  };
}
