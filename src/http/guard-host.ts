/**
 * Guard against DNS rebinding: a hostile site can point its own name at an address of this machine, and would
 * then share an origin with a server that answers to every name. This server answers only to its known names.
 */
import { isLoopback, isWildcard, parseAddress } from './address.ts';

/** Names of the loopback interface. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The name in a `Host` header, in lower case and without the port; undefined when the header is invalid. */
export function hostName(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^\s:[\]/@?#]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1];
}

/** Whether a server that listens on `host` is reachable from other machines and has no allowed name. */
export function lacksNames(host: string, allowedHosts: readonly string[]): boolean {
  return !isLoopback(host) && allowedHosts.length === 0;
}

/**
 * Makes the check for a server that listens on `host`. It accepts the names of this machine, `host` and
 * `allowedHosts`. Where other machines can reach the server, it also accepts every address: DNS rebinding can
 * change the target of a name, but not of an address.
 *
 * @returns whether a request with this Host header is accepted
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
