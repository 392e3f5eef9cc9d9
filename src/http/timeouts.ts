/** How long a client may take, on every port of this program. */
import type { ServerOptions } from 'node:http';

export interface HttpTimeouts {
  /** From the connection, or its last request, to the end of a request's headers. */
  readonly headersMs: number;
  /** From the same moment to the end of the request's body. */
  readonly requestMs: number;
  /** How long a connection without a request is kept. */
  readonly keepAliveMs: number;
  /** How often connections are checked; a connection may be closed this much later than its limit. */
  readonly checkMs: number;
}

/**
 * Enough for 64 kB over a slow phone connection; keep-alive is longer than the minute after which proxies
 * close a connection.
 */
export const HTTP_TIMEOUTS: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 72_000,
  checkMs: 2_000,
};

/**
 * The matching options of Node's HTTP server, which answers a late request with 408 and closes the
 * connection.
 */
export function serverTimeouts(timeouts: HttpTimeouts = HTTP_TIMEOUTS) {
  return {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: timeouts.checkMs,
  } satisfies ServerOptions;
}
