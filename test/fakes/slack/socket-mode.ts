/** The fake's Socket Mode: tickets, hello, envelopes, acknowledgements, and the wish to be connected anew. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Wire } from './payloads.ts';

const TICKET_MS = 30_000;
const CONNECTIONS_MAX = 10;
const PING_INTERVAL_MS = 10_000;
/** How long a connection stays open after it was told to be connected anew. */
const FAREWELL_MS = 10_000;
/** How long the fake waits for its clients as it stops. */
const GOODBYE_MS = 300;

/** What an app answers to an envelope. */
export interface Acknowledgement {
  readonly at: number;
  readonly payload: Wire;
}

interface Connection {
  readonly socket: WebSocket;
  isLeaving: boolean;
}

export class FakeSocketMode {
  readonly #server: WebSocketServer;
  readonly #appId: string;
  readonly #tickets = new Map<string, number>();
  readonly #connections = new Set<Connection>();
  readonly #waiting = new Map<string, (acknowledgement: Acknowledgement) => void>();
  readonly #pings: NodeJS.Timeout;
  #turn = 0;
  /** How often somebody has connected. */
  connects = 0;
  /** Whether new connections are cut at once. */
  isDown = false;

  constructor(http: Server, appId: string) {
    this.#appId = appId;
    this.#server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'ws://localhost');
      const ticket = url.searchParams.get('ticket') ?? '';
      const issuedAt = this.#tickets.get(ticket);
      this.#tickets.delete(ticket);
      const isWelcome = issuedAt !== undefined && Date.now() - issuedAt < TICKET_MS && !this.isDown;
      if (url.pathname !== '/link/' || !isWelcome) {
        socket.end('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (opened) => this.#welcome(opened));
    });
    this.#pings = setInterval(() => {
      for (const { socket } of this.#connections) socket.ping('Ping from fake');
    }, PING_INTERVAL_MS).unref();
  }

  /** How many connections are open. */
  get listeners(): number {
    return this.#connections.size;
  }

  /** The path of a connection that can be opened once, soon. */
  ticket(): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, Date.now());
    return `/link/?ticket=${ticket}&app_id=${this.#appId}`;
  }

  /**
   * Sends an envelope over one of the connections, in turn.
   *
   * @returns the acknowledgement; undefined at once when nobody is connected, and later when none came in time
   */
  async send(envelope: Wire, timeoutMs: number): Promise<Acknowledgement | undefined> {
    const ready = [...this.#connections].filter(({ isLeaving }) => !isLeaving);
    if (ready.length === 0) return undefined;
    this.#turn += 1;
    const { socket } = ready[this.#turn % ready.length]!;
    const id = randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve(undefined);
      }, timeoutMs);
      this.#waiting.set(id, (acknowledgement) => {
        clearTimeout(timer);
        resolve(acknowledgement);
      });
      socket.send(JSON.stringify({ ...envelope, envelope_id: id }));
    });
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const { socket } of this.#connections) socket.terminate();
  }

  /** Asks everybody to connect anew, as Slack does every few hours. */
  refresh(reason: 'warning' | 'refresh_requested' = 'refresh_requested'): void {
    for (const connection of this.#connections) {
      connection.socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: debugInfo() }));
      connection.isLeaving = true;
      setTimeout(() => connection.socket.close(), FAREWELL_MS).unref();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    // Whoever is saying goodbye may finish: cut off in the middle of it, the client waits for half a minute.
    for (const end = Date.now() + GOODBYE_MS; this.listeners > 0 && Date.now() < end; ) await sleep(10);
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #welcome(socket: WebSocket): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.close(1_008, 'too_many_websockets');
      return;
    }
    const connection: Connection = { socket, isLeaving: false };
    this.#connections.add(connection);
    this.connects += 1;
    socket.on('message', (raw) => {
      const { envelope_id: id, payload = {} } = JSON.parse(String(raw));
      const heard = this.#waiting.get(id);
      this.#waiting.delete(id);
      heard?.({ at: Date.now(), payload });
    });
    socket.on('close', () => this.#connections.delete(connection));
    socket.on('error', () => this.#connections.delete(connection));
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#connections.size,
        debug_info: debugInfo(),
        connection_info: { app_id: this.#appId },
      }),
    );
  }
}

function debugInfo(): Wire {
  return {
    host: `applink-${randomBytes(2).toString('hex')}`,
    build_number: 1,
    approximate_connection_time: 18_060,
  };
}
