/** How long a client may take, on every port of ours. */
import type { ServerOptions } from 'node:http';

export interface HttpTimeouts {
  /** From the connection, or the last request on it, to the end of a request's headers. */
  readonly headersMs: number;
  /** The same, to the end of its body. */
  readonly requestMs: number;
  /** For which a connection without a request is kept. */
  readonly keepAliveMs: number;
  /** How often connections are looked at, which is how much later than this they may be closed. */
  readonly checkMs: number;
}

/** Enough for 64 kB over a slow phone; kept alive longer than the minute after which proxies close a connection. */
export const HTTP_TIMEOUTS: HttpTimeouts = {
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 72_000,
  checkMs: 2_000,
};

/** The options of Node's HTTP server that say so. It answers a late request with 408 and closes the connection. */
export function serverTimeouts(timeouts: HttpTimeouts = HTTP_TIMEOUTS) {
  return {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: timeouts.checkMs,
  } satisfies ServerOptions;
}
