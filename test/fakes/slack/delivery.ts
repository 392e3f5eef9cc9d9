/**
 * Delivery of requests to the app, in Socket Mode or as signed HTTP requests: with three seconds to
 * acknowledge, and with retries of events that are not acknowledged.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

export type DeliveryKind = 'slash_commands' | 'interactive' | 'events_api';

/** A request to the app, and its result. */
export interface Delivery {
  readonly kind: DeliveryKind;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  attempts: number;
  acknowledgedAt?: number;
  /** The body of the acknowledgement: an ephemeral message, usually empty. */
  response?: unknown;
  /** The reason for a missing acknowledgement. */
  failure?: string;
  /** Settled when the request was acknowledged, or given up. */
  readonly done: Promise<void>;
}

export interface HttpTarget {
  readonly url: string;
  readonly signingSecret: string;
}

const SERVER_PING_MS = 5_000;
/** After this time a request fails that no connection can take. */
const UNREACHABLE_MS = 300;

export class Deliveries {
  /** The address of HTTP requests; undefined while the app is in Socket Mode. */
  http: HttpTarget | undefined;
  acknowledgeMs = 3_000;
  /** Pauses before an event is delivered again. */
  retryMs: readonly number[] = [0, 60_000, 300_000];
  readonly all: Delivery[] = [];
  readonly #server: WebSocketServer;
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Map<string, (payload: unknown) => void>();
  readonly #abort = new AbortController();
  #turn = 0;

  constructor(http: Server, isTicket: (ticket: string | null) => boolean, appId: string) {
    this.#server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname !== '/link' || !isTicket(url.searchParams.get('ticket'))) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (ws) => this.#open(ws, appId));
    });
  }

  get connections(): number {
    return this.#sockets.length;
  }

  /** Delivers a request to the app. */
  send(kind: DeliveryKind, payload: Readonly<Record<string, unknown>>): Delivery {
    const delivery: Delivery = {
      kind,
      payload,
      createdAt: Date.now(),
      attempts: 0,
      done: Promise.resolve().then(() => this.#bring(delivery)),
    };
    this.all.push(delivery);
    return delivery;
  }

  /** Closes every connection, as a network failure does. */
  cut(): void {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
  }

  /** Asks the app to reconnect, as Slack does every few hours. */
  refresh(): void {
    for (const socket of this.#sockets) {
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: {} }));
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    for (const socket of this.#sockets) socket.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #open(socket: WebSocket, appId: string): void {
    this.#sockets.push(socket);
    const ping = setInterval(() => socket.ping(), SERVER_PING_MS);
    socket.on('close', () => {
      clearInterval(ping);
      const at = this.#sockets.indexOf(socket);
      if (at >= 0) this.#sockets.splice(at, 1);
    });
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { envelope_id: id, payload } = JSON.parse(String(data)) as {
        envelope_id: string;
        payload?: unknown;
      };
      this.#waiting.get(id)?.(payload);
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#sockets.length,
        connection_info: { app_id: appId },
        debug_info: { host: 'fake', approximate_connection_time: 18_060 },
      }),
    );
  }

  async #bring(delivery: Delivery): Promise<void> {
    // Slack does not repeat a command or a button press: the user sees that it failed.
    const pauses = delivery.kind === 'events_api' ? this.retryMs : [];
    for (let attempt = 0; ; attempt++) {
      delivery.attempts += 1;
      try {
        delivery.response = await this.#attempt(delivery, attempt);
        delivery.acknowledgedAt = Date.now();
        delete delivery.failure;
        return;
      } catch (error) {
        delivery.failure = (error as Error).message;
      }
      const pause = pauses[attempt];
      if (pause === undefined || this.#abort.signal.aborted) return;
      await sleep(pause, undefined, { signal: this.#abort.signal }).catch(() => {});
    }
  }

  #attempt(delivery: Delivery, attempt: number): Promise<unknown> {
    return this.http ? this.#byHttp(this.http, delivery, attempt) : this.#bySocket(delivery, attempt);
  }

  async #bySocket({ kind, payload }: Delivery, attempt: number): Promise<unknown> {
    const socket = this.#sockets[this.#turn++ % Math.max(1, this.#sockets.length)];
    if (!socket) {
      await sleep(UNREACHABLE_MS);
      throw new Error('dispatch_failed');
    }
    const id = randomUUID();
    const acknowledged = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    const retry = attempt > 0 ? { retry_attempt: attempt, retry_reason: 'timeout' } : {};
    const accepts_response_payload = kind !== 'events_api';
    socket.send(JSON.stringify({ type: kind, envelope_id: id, payload, accepts_response_payload, ...retry }));
    try {
      return await this.#inTime(acknowledged);
    } finally {
      this.#waiting.delete(id);
    }
  }

  async #byHttp({ url, signingSecret }: HttpTarget, delivery: Delivery, attempt: number): Promise<unknown> {
    const { kind, payload } = delivery;
    const body =
      kind === 'events_api'
        ? JSON.stringify(payload)
        : kind === 'interactive'
          ? new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
          : new URLSearchParams(payload as Record<string, string>).toString();
    const retry: Record<string, string> =
      attempt > 0 ? { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': 'http_timeout' } : {};
    const response = await this.#inTime(
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': kind === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
          ...signatureOf(body, signingSecret, Math.floor(Date.now() / 1_000)),
          ...retry,
        },
        body,
        signal: this.#abort.signal,
      }),
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`http_error ${response.status}`);
    const isJson = /^application\/json/.test(response.headers.get('content-type') ?? '');
    return text === '' ? undefined : isJson ? JSON.parse(text) : { text };
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const timer = new AbortController();
    const late = sleep(this.acknowledgeMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error('operation_timeout');
    });
    late.catch(() => {});
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer.abort();
    }
  }
}

/** The headers by which Slack signs a body: HMAC-SHA256 of `v0:timestamp:body`. */
export function signatureOf(body: string, secret: string, seconds: number): Record<string, string> {
  const hash = createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(seconds), 'x-slack-signature': `v0=${hash}` };
}
