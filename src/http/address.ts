/** The one place that parses network addresses: of clients, of proxies, of a listening server. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** Names that a list of proxies may contain, besides addresses and networks. */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Addresses outside the internet: this machine, a home network, a container's host. */
const HOME = Object.values(NAMED_NETWORKS).flat().map(readNetwork) as readonly Network[];

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

/**
 * Whether an address belongs to this machine, a home network or a container's network, and not to the
 * internet.
 */
export function isHome(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isWithin(parsed, HOME);
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
    return parsed !== undefined && isWithin(parsed, networks);
  };
}

/** The named network that contains an address; undefined for an address in the internet. */
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

function isWithin(address: Address, networks: readonly Network[]): boolean {
  return networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}
