/** The ports that this program listens on: their time limits, and the errors when one is not available. */
import { once } from 'node:events';
import type { ServerOptions } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StoryError } from '../errors.ts';
import { localUrl } from './address.ts';

/** The port of one of this program's servers. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Name of the setting that chooses the port. */
  readonly setting: string;
}

/** The error for a failed listen, which says what to do; undefined for an error of another kind. */
export function listenError(cause: unknown, { host, port, setting }: ListenAddress): StoryError | undefined {
  const { code } = cause as NodeJS.ErrnoException;
  const sentence = {
    EADDRINUSE:
      `Something else already uses port ${port} of ${host}. Stop it (it may be this program, started before), or set ` +
      `${setting} to another port.`,
    EACCES: `This user may not open port ${port} of ${host}. Set ${setting} to a port above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose one of its addresses for port ${port}.`,
    ENOTFOUND: `This machine has no address ${host}. Choose one of its addresses for port ${port}.`,
  }[code ?? ''];
  return sentence === undefined ? undefined : new StoryError('configuration', sentence, { cause });
}

/**
 * Makes a server listen; it is closed when it cannot.
 *
 * @returns its URL on this machine
 * @throws StoryError `configuration` that says why it could not
 */
export async function listen(app: FastifyInstance, address: ListenAddress): Promise<string> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (error) {
    await app.close();
    throw listenError(error, address) ?? error;
  }
  return localUrl(address.host, (app.server.address() as AddressInfo).port);
}

/**
 * Listens briefly, to find out whether a server could.
 *
 * @throws StoryError `configuration` that says why it could not
 */
export async function tryPort(address: ListenAddress): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host: address.host, port: address.port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, address) ?? error;
  }
  server.close();
  await once(server, 'close');
}

/** How long a client of any port may take. */
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

/**
 * The options of a Fastify server with these time limits. When it closes, it closes idle connections as well:
 * browsers keep them open, and a plain close would wait a minute for them.
 */
export function fastifyOptions(timeouts?: HttpTimeouts) {
  const http = serverTimeouts(timeouts);
  const { requestTimeout, keepAliveTimeout } = http;
  return { forceCloseConnections: true, http, requestTimeout, keepAliveTimeout };
}
