/**
 * What the server reads of a request: the client and the body. The page has no accounts, so the address
 * identifies a client.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clientNetwork, namedNetwork, parseAddress } from '../../http/address.ts';
import type { Requester } from '../../queue/admission/store.ts';
import { ABORTED_MESSAGE, WebRefusal } from './refusals.ts';

/** The most bytes in a request body: a prompt and a context of 2,000 characters each, escaped. */
const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * How much of a too large request is read and discarded. A client that is still sending when it is answered
 * usually sees a broken connection instead of the answer.
 */
const DRAIN_LIMIT_BYTES = 32 * 1024 * 1024;
const DRAIN_LIMIT_MS = 5_000;

/** The status that nginx logs; it is never sent, because the client is gone. */
const ABORTED_STATUS = 499;

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
 * @param counted which clients are counted: those from the internet, all, or none
 */
export function clientAt(address: string, counted: 'public' | 'all' | 'none'): Requester | undefined {
  if (counted === 'none' || (counted === 'public' && namedNetwork(address) !== undefined)) return undefined;
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

/** The API accepts only JSON, because another site's form cannot send it. */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    readBody(payload).then(
      (text) => parse(request, text, done),
      (error) => done(error),
    );
  });
}

/**
 * Reads a request's body as text.
 *
 * @throws WebRefusal `too_large`, once the client can receive it; `aborted` when the client leaves before the
 *   end
 */
async function readBody(payload: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let drainUntilMs = Number.POSITIVE_INFINITY;
  try {
    for await (const chunk of payload as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= BODY_LIMIT_BYTES) {
        chunks.push(chunk);
        continue;
      }
      chunks.length = 0;
      drainUntilMs = Math.min(drainUntilMs, Date.now() + DRAIN_LIMIT_MS);
      if (bytes > DRAIN_LIMIT_BYTES || Date.now() > drainUntilMs) break;
    }
  } catch {
    // A request ends early only when its connection does.
    throw new WebRefusal(ABORTED_STATUS, 'aborted', ABORTED_MESSAGE);
  }
  if (bytes > BODY_LIMIT_BYTES) {
    const limit = `${BODY_LIMIT_BYTES / 1024} kB`;
    throw new WebRefusal(
      413,
      'too_large',
      `This request is larger than ${limit}. Shorten the prompt and send it again.`,
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}
