/** The fake's gateway: hello, identify, heartbeat, resume and dispatch over a real WebSocket. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { guildOf, userOf } from './payloads.ts';
import type { World } from './world.ts';

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalid: 9,
  hello: 10,
  ack: 11,
};
const INTENT = { guildMessages: 1 << 9, messageContent: 1 << 15 };
const FLAG_MESSAGE_CONTENT = 1 << 19;
const EVENTS_KEPT = 1_000;

interface Session {
  readonly id: string;
  readonly intents: number;
  socket: WebSocket | undefined;
  sequence: number;
  readonly sent: { readonly s: number; readonly frame: string }[];
}

export class FakeGateway {
  readonly #world: World;
  readonly #token: string;
  readonly #url: () => string;
  readonly #server: WebSocketServer;
  readonly #sessions = new Map<string, Session>();
  heartbeatMs = 41_250;
  identifies = 0;
  /** The number of remaining identifies, and the time after which it is reset. */
  readonly sessions = { remaining: 1_000, resetAfterMs: 0 };
  resumes = 0;
  /** The close code for every client that identifies. */
  refusal: number | undefined;

  constructor(http: Server, world: World, token: string, url: () => string) {
    this.#world = world;
    this.#token = token;
    this.#url = url;
    this.#server = new WebSocketServer({ server: http });
    this.#server.on('connection', (socket) => this.#welcome(socket));
  }

  /** The number of connected clients. */
  get listeners(): number {
    return [...this.#sessions.values()].filter(({ socket }) => socket).length;
  }

  /** Sends an event to all sessions; disconnected ones receive it when they resume. */
  dispatch(event: string, data: Record<string, unknown>): void {
    for (const session of this.#sessions.values()) {
      if (event.startsWith('MESSAGE_') && !(session.intents & INTENT.guildMessages)) continue;
      const hasContent = event === 'MESSAGE_CREATE' || event === 'MESSAGE_UPDATE';
      this.#send(session, event, hasContent ? this.#withoutContent(session, data) : data);
    }
  }

  /** Closes every connection, as a network failure does; sessions can be resumed unless `forget`. */
  cut({ forget = false } = {}): void {
    for (const session of this.#sessions.values()) session.socket?.terminate();
    if (forget) this.#sessions.clear();
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #welcome(socket: WebSocket): void {
    let session: Session | undefined;
    socket.send(
      JSON.stringify({ op: OP.hello, d: { heartbeat_interval: this.heartbeatMs }, s: null, t: null }),
    );
    socket.on('message', (raw) => {
      const { op, d } = JSON.parse(String(raw));
      if (op === OP.heartbeat) socket.send(JSON.stringify({ op: OP.ack }));
      else if (op === OP.identify) session = this.#identify(socket, d);
      else if (op === OP.resume) session = this.#resume(socket, d);
      else if (!session) socket.close(4_003);
    });
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = undefined;
    });
  }

  #identify(
    socket: WebSocket,
    d: { token: string; intents: number; shard?: [number, number] },
  ): Session | undefined {
    if (this.refusal !== undefined || d.token !== this.#token) {
      socket.close(this.refusal ?? 4_004);
      return undefined;
    }
    if (d.intents & INTENT.messageContent && !(this.#world.flags & FLAG_MESSAGE_CONTENT)) {
      socket.close(4_014);
      return undefined;
    }
    this.identifies += 1;
    this.sessions.remaining -= 1;
    const session: Session = { id: randomUUID(), intents: d.intents, socket, sequence: 0, sent: [] };
    this.#sessions.set(session.id, session);
    const { application, bot, guild, flags } = this.#world;
    this.#send(session, 'READY', {
      v: 10,
      user: userOf(bot),
      guilds: this.#world.isMember ? [{ id: guild.id, unavailable: true }] : [],
      session_id: session.id,
      resume_gateway_url: this.#url(),
      shard: d.shard ?? [0, 1],
      application: { id: application.id, flags },
    });
    if (this.#world.isMember) this.#send(session, 'GUILD_CREATE', guildOf(this.#world));
    return session;
  }

  #resume(socket: WebSocket, d: { token: string; session_id: string; seq: number }): Session | undefined {
    const session = this.#sessions.get(d.session_id);
    if (!session || d.token !== this.#token) {
      socket.send(JSON.stringify({ op: OP.invalid, d: false }));
      return undefined;
    }
    this.resumes += 1;
    session.socket = socket;
    for (const { s, frame } of session.sent) if (s > d.seq) socket.send(frame);
    this.#send(session, 'RESUMED', {});
    return session;
  }

  #send(session: Session, t: string, d: Record<string, unknown>): void {
    session.sequence += 1;
    const frame = JSON.stringify({ op: OP.dispatch, s: session.sequence, t, d });
    session.sent.push({ s: session.sequence, frame });
    if (session.sent.length > EVENTS_KEPT) session.sent.shift();
    session.socket?.send(frame);
  }

  /** Without the intent, only messages that mention the bot, or that the bot wrote, include their text. */
  #withoutContent({ intents }: Session, data: Record<string, unknown>): Record<string, unknown> {
    // A test may send an event that is not a message.
    const { mentions = [], author } = (data ?? {}) as { mentions?: unknown[]; author?: { id: string } };
    const isOpen =
      intents & INTENT.messageContent || mentions.length > 0 || author?.id === this.#world.bot.id;
    return isOpen || !data ? data : { ...data, content: '', components: [] };
  }
}
