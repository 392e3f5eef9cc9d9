/**
 * The one place that parses network addresses and host names: of clients, of proxies, of a listening server;
 * and the checks of a request's Host and Origin headers.
 */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** Names of the loopback interface. */
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Names that a list of proxies may contain, besides addresses and networks. */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** A household has an IPv6 network of this many 16-bit groups, and any address in it. */
const HOUSEHOLD_GROUPS = 4;

/** An address, with or without brackets, with the port that some proxies append. */
const IPV6_IN_BRACKETS = /^\[([^\]]+)\](?::\d{1,5})?$/;
const IPV4_WITH_PORT = /^([\d.]+):\d{1,5}$/;

/**
 * Parses an address from a header or a setting. A port, brackets and a zone are ignored, and an IPv4-mapped
 * IPv6 address becomes the IPv4 address.
 *
 * @returns undefined when the text is not an address
 */
export function parseAddress(text: string): Address | undefined {
  const trimmed = text.trim();
  const bare = (IPV6_IN_BRACKETS.exec(trimmed) ?? IPV4_WITH_PORT.exec(trimmed))?.[1] ?? trimmed;
  const plain = bare.replace(/%.*$/, '');
  // Programs interpret older notations, such as 127.1 and 0x7f.1, differently.
  if (!ipaddr.IPv4.isValidFourPartDecimal(plain) && !ipaddr.IPv6.isValid(plain)) return undefined;
  return ipaddr.process(plain);
}

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || parseAddress(host)?.range() === 'loopback';
}

/** Whether `host` means every address of this machine. */
export function isWildcard(host: string): boolean {
  return parseAddress(host)?.range() === 'unspecified';
}

/** The URL of a server that listens on `host`, as a program on this machine opens it. */
export function localUrl(host: string, port: number | string): string {
  return `http://${isWildcard(host) ? 'localhost' : inBrackets(host)}:${port}`;
}

/** A host as URLs and Host headers have it. */
function inBrackets(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The part of an address that one client cannot change at will: an IPv4 address, or the first 64 bits of an
 * IPv6 address, such as `2001:db8:0:7`. Text that is not an address is returned unchanged.
 */
export function clientNetwork(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return address;
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, HOUSEHOLD_GROUPS)
    .map((group) => group.toString(16))
    .join(':');
}

/**
 * Parses a list of proxies: addresses, networks such as `10.0.0.0/8`, `loopback`, `linklocal` and
 * `uniquelocal`, separated by commas.
 *
 * @returns a check whether an address is in the list; undefined when an item of the list is invalid
 */
export function parseProxies(list: string): ((address: string | undefined) => boolean) | undefined {
  const networks = list
    .split(',')
    .map((item) => item.trim())
    .flatMap((item) => NAMED_NETWORKS[item] ?? [item])
    .map(readNetwork);
  if (!networks.every((network) => network !== undefined)) return undefined;
  return (address) => {
    const parsed = parseAddress(address ?? '');
    return networks.some(
      ([network, bits]) => network.kind() === parsed?.kind() && parsed.match(network, bits),
    );
  };
}

/**
 * The named network that contains an address: that of this machine, of a home or of containers; undefined for
 * an address in the internet.
 */
export function namedNetwork(address: string): string | undefined {
  return Object.keys(NAMED_NETWORKS).find((name) => parseProxies(name)?.(address));
}

function readNetwork(text: string): Network | undefined {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) {
    return ipaddr.parseCIDR(text);
  }
  const address = parseAddress(text);
  return address && [address, address.toByteArray().length * 8];
}

/** The name in a `Host` header, in lower case and without the port; undefined when the header is invalid. */
function hostName(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^\s:[\]/@?#]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1];
}

/** Whether a server that listens on `host` is reachable from other machines and has no allowed name. */
export function lacksNames(host: string, allowedHosts: readonly string[]): boolean {
  return !isLoopback(host) && allowedHosts.length === 0;
}

/**
 * Makes the guard against DNS rebinding for a server that listens on `host`: a hostile site can point its own
 * name at an address of this machine, and would then share an origin with a server that answers to every
 * name. The guard accepts the names of this machine, `host` and `allowedHosts`. Where other machines can reach
 * the server, it also accepts every address: DNS rebinding can change the target of a name, but not of an
 * address.
 *
 * @returns whether a request with this Host header is accepted
 */
export function hostGuard(host: string, allowedHosts: readonly string[]) {
  const allowed = new Set([...LOOPBACK_NAMES, ...allowedHosts.map((name) => name.toLowerCase())]);
  if (!isWildcard(host)) allowed.add(inBrackets(host.toLowerCase()));
  const anyAddress = !isLoopback(host);
  return (header: string | undefined): boolean => {
    const name = hostName(header);
    if (name === undefined) return false;
    return allowed.has(name) || (anyAddress && parseAddress(name) !== undefined);
  };
}

/** The headers with which a browser names the origin of a request. */
export interface OriginHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Whether a request comes from this server's page, or from no page at all (a terminal sends neither header).
 * Other sites may not start, stop or read stories through a visitor's browser.
 */
export function isSameOrigin(headers: OriginHeaders, allowedHosts: readonly string[] = []): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (headers.origin === undefined) return true;
  const origin = hostOf(headers.origin);
  if (origin === undefined) return false;
  // A reverse proxy may replace the Host header; the operator then sets the public host.
  if (origin === headers.host?.toLowerCase()) return true;
  return allowedHosts.some((name) => name.toLowerCase() === hostName(origin));
}

function hostOf(origin: string): string | undefined {
  // The literal "null" (a sandboxed frame, a file) is not a URL and matches no host.
  return URL.canParse(origin) ? new URL(origin).host || undefined : undefined;
}
