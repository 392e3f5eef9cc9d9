/** Who a visitor of the page is to the limits: there are no accounts, so it goes by addresses. */
import type { FastifyRequest } from 'fastify';
import { clientNetwork, isHome, namedNetwork, parseAddress } from '../../http/address.ts';
import type { Requester } from '../../queue/admission/requester.ts';

/**
 * The address that a request came from: the last hop that the trusted proxies tell, without the port that some of
 * them write behind it. A hop that is no address does not count, because a client could make up any number of them.
 */
export function addressOf(request: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  const hops = request.ips ?? [request.ip];
  const address = hops.map((hop) => parseAddress(hop ?? '')).findLast((hop) => hop !== undefined);
  return address?.toString() ?? 'unknown';
}

/**
 * The visitor as a person whose stories are counted; undefined where they are not.
 *
 * @param whose those of clients from the internet, of all, of none
 */
export function clientAt(address: string, whose: 'public' | 'all' | 'none'): Requester | undefined {
  if (whose === 'none' || (whose === 'public' && isHome(address))) return undefined;
  return { person: `web:${clientNetwork(address)}` };
}

/**
 * Makes the warning about a proxy that is not trusted: without it, all its visitors are one client to the limits of a
 * minute, and if it is on this machine or its network, nobody to those of persons. It is given once for each kind of
 * network, so that a header that a visitor made up does not silence it for the proxy's.
 *
 * @param trusts whether a peer's word for an address is taken
 * @param warn called with the sentence
 * @returns takes the headers' `X-Forwarded-For` and the connection's other end
 */
export function proxyWarner(trusts: (address: string | undefined) => boolean, warn: (text: string) => void) {
  const warned = new Set<string>();
  return (forwardedFor: string | string[] | undefined, peer: string | undefined): void => {
    if (forwardedFor === undefined || peer === undefined || trusts(peer)) return;
    const network = namedNetwork(peer);
    const kind = network ?? 'internet';
    if (warned.has(kind)) return;
    warned.add(kind);
    // An address of the internet may be a visitor's, and is in no log.
    const from = network ? parseAddress(peer)?.toString() : 'an address of the internet';
    const setting = network ? `SCIFI_TRUST_PROXY=${network}` : 'SCIFI_TRUST_PROXY to its address';
    warn(
      `A request with X-Forwarded-For came from ${from}, which SCIFI_TRUST_PROXY does not name: all visitors behind it ` +
        `count as one. If it is your proxy, set ${setting}.`,
    );
  };
}
