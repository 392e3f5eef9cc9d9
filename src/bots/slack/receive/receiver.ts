/**
 * Slack over HTTP: Bolt's own receiver behind a guard. Bolt checks the signature; the guard rejects what Bolt
 * accepts silently: a timestamp from the future, and duplicate headers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type App, HTTPReceiver, type HTTPReceiverOptions, type Receiver } from '@slack/bolt';
import { type HttpTimeouts, serverTimeouts } from '../../../http/listen.ts';
import type { Clock } from '../../cooldowns.ts';

/** The largest accepted difference between Slack's clock and the local one, in either direction. */
export const TOLERANCE_SECONDS = 300;

export interface SlackHttpReceiverOptions {
  readonly signingSecret: string;
  readonly host: string;
  readonly port: number;
  /** Milliseconds since 1970. */
  readonly clock?: Clock;
  readonly timeouts?: HttpTimeouts;
  readonly bolt?: Omit<HTTPReceiverOptions, 'signingSecret' | 'port'>;
}

/** Why a request is rejected. */
export type Refusal = 'headers' | 'signature version' | 'timestamp' | 'stale' | 'future';

export class SlackHttpReceiver implements Receiver {
  readonly #bolt: HTTPReceiver;
  readonly #options: SlackHttpReceiverOptions;
  readonly #endpoints: readonly string[];
  #server: Server | undefined;

  /** @throws RangeError when there is no secret: without one, any client could sign */
  constructor(options: SlackHttpReceiverOptions) {
    if (options.signingSecret.trim() === '') throw new RangeError('Expected a signing secret, got none.');
    this.#options = options;
    const endpoints = options.bolt?.endpoints ?? ['/slack/events'];
    this.#endpoints = typeof endpoints === 'string' ? [endpoints] : Object.values(endpoints);
    this.#bolt = new HTTPReceiver({
      ...options.bolt,
      signingSecret: options.signingSecret,
      port: options.port,
    });
  }

  /** Read by Bolt's App, which takes tokens from it when users install the app themselves. */
  get installer(): HTTPReceiver['installer'] {
    return this.#bolt.installer;
  }

  init(app: App): void {
    this.#bolt.init(app);
  }

  /** Starts listening; resolves with the server, which has the port. */
  async start(): Promise<Server> {
    const timeouts = serverTimeouts(this.#options.timeouts);
    const server = createServer(timeouts, (request, response) => this.#onRequest(request, response));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host, resolve);
    });
    return server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?')[0] ?? '';
    const isEvent = request.method === 'POST' && this.#endpoints.includes(path);
    const { clock = Date.now } = this.#options;
    const refusal = isEvent ? refuse(request.rawHeaders, clock()) : undefined;
    if (refusal) {
      this.#refuse(request, response, refusal);
      return;
    }
    try {
      this.#bolt.requestListener(request, response);
    } catch {
      // Bolt throws for every path that it does not know.
      response.writeHead(404).end();
    }
  }

  /** Slack's probe of the certificate is not signed: it gets a response, and nothing else happens. */
  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= PROBE_MAX) chunks.push(chunk);
      else request.destroy();
    });
    request.on('error', () => {});
    request.on('end', () => {
      const isProbe = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('ssl_check') === '1';
      if (isProbe) response.writeHead(200).end();
      else {
        this.#options.bolt?.logger?.warn(`A request was refused: ${refusal}.`);
        response.writeHead(401).end();
      }
    });
  }
}

/** The most bytes of a rejected body that are read: a probe is short. */
const PROBE_MAX = 64 * 1_024;

/**
 * Checks the headers alone, before the body is read.
 *
 * @param rawHeaders names and values alternating, as they arrived
 * @param now milliseconds since 1970
 * @returns why the request cannot come from Slack; undefined when the signature decides
 */
export function refuse(rawHeaders: readonly string[], now: number): Refusal | undefined {
  const values = (wanted: string) =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === wanted);
  const [signature, ...otherSignatures] = values('x-slack-signature');
  const [timestamp, ...otherTimestamps] = values('x-slack-request-timestamp');
  if (signature === undefined || timestamp === undefined) return 'headers';
  if (otherSignatures.length > 0 || otherTimestamps.length > 0) return 'headers';
  if (!/^v0=[0-9a-f]{64}$/.test(signature)) return 'signature version';
  if (!/^\d{1,12}$/.test(timestamp)) return 'timestamp';
  const ahead = Number(timestamp) - Math.floor(now / 1_000);
  if (ahead < -TOLERANCE_SECONDS) return 'stale';
  return ahead > TOLERANCE_SECONDS ? 'future' : undefined;
}
