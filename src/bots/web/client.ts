/**
 * Identifies a visitor of the page for the limits: the page has no accounts, so the address identifies a
 * client.
 */
import type { FastifyRequest } from 'fastify';
import { clientNetwork, isHome, namedNetwork, parseAddress } from '../../http/address.ts';
import type { Requester } from '../../queue/admission/requester.ts';

/**
 * The address that a request came from: the last hop reported by the trusted proxies, without the port that
 * some of them append. A hop that is not an address is ignored, because a client could invent any number of
 * them.
 */
export function addressOf(request: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  const hops = request.ips ?? [request.ip];
  const address = hops.map((hop) => parseAddress(hop ?? '')).findLast((hop) => hop !== undefined);
  return address?.toString() ?? 'unknown';
}

/**
 * The visitor as a requester; undefined where the visitor's stories are not counted.
 *
 * @param whose which clients are counted: those from the internet, all, or none
 */
export function clientAt(address: string, whose: 'public' | 'all' | 'none'): Requester | undefined {
  if (whose === 'none' || (whose === 'public' && isHome(address))) return undefined;
  return { person: `web:${clientNetwork(address)}` };
}

/**
 * Makes the warning about an untrusted proxy. Without trust, all visitors behind the proxy are one client to
 * the per-minute limits, and if the proxy is on this machine or its network, they have no requester limits.
 * The warning is given once for each kind of network, so that a header forged by a visitor does not silence
 * the warning about the proxy.
 *
 * @param trusts whether a peer is a trusted proxy
 * @param warn called with the sentence
 * @returns a function of the `X-Forwarded-For` header and the connection's peer address
 */
export function proxyWarner(trusts: (address: string | undefined) => boolean, warn: (text: string) => void) {
  const warned = new Set<string>();
  return (forwardedFor: string | string[] | undefined, peer: string | undefined): void => {
    if (forwardedFor === undefined || peer === undefined || trusts(peer)) return;
    const network = namedNetwork(peer);
    const kind = network ?? 'internet';
    if (warned.has(kind)) return;
    warned.add(kind);
    // A public address may be a visitor's, and is never logged.
    const from = network ? parseAddress(peer)?.toString() : 'an address of the internet';
    const setting = network ? `SCIFI_TRUST_PROXY=${network}` : 'SCIFI_TRUST_PROXY to its address';
    warn(
      `A request with X-Forwarded-For came from ${from}, which SCIFI_TRUST_PROXY does not name: all visitors behind it ` +
        `count as one. If it is your proxy, set ${setting}.`,
    );
  };
}
