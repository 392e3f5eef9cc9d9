/**
 * Guard against DNS rebinding: a hostile site can point its own name at an address of this machine, and would then
 * share an origin with a server that answers to every name. A server answers to names that it knows to be its own.
 */
import { isLoopback, isWildcard, parseAddress } from './address.ts';

/** Names that always mean this machine. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The name in a `Host` header, lower case and without its port; undefined when the header is no host. */
export function hostName(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^\s:[\]/@?#]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1];
}

/** Whether a server that listens on `host` is reached from elsewhere without a name that it is told to answer to. */
export function lacksNames(host: string, allowedHosts: readonly string[]): boolean {
  return !isLoopback(host) && allowedHosts.length === 0;
}

/**
 * Makes the check for a server that listens on `host`. It answers to the names of this machine, to `host` and to
 * `allowedHosts`. Where others can reach it, it answers to every address, too: what stands behind an address cannot be
 * exchanged as what stands behind a name can.
 *
 * @returns whether a request with this Host header is answered
 */
export function hostGuard(host: string, allowedHosts: readonly string[]) {
  const allowed = new Set([...LOOPBACK_NAMES, ...allowedHosts.map((name) => name.toLowerCase())]);
  if (!isWildcard(host)) allowed.add(host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase());
  const anyAddress = !isLoopback(host);
  return (header: string | undefined): boolean => {
    const name = hostName(header);
    if (name === undefined) return false;
    return allowed.has(name) || (anyAddress && parseAddress(name) !== undefined);
  };
}
