/**
 * A Discord of one server: gateway and REST on a free port, with Discord's limits, time limits and refusals,
 * and with faults on demand. The real discord.js client talks to it unchanged.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeGateway } from './gateway.ts';
import { RateLimits } from './limits.ts';
import { parseBody } from './multipart.ts';
import { channelOf } from './payloads.ts';
import { Refusal } from './refusals.ts';
import { type Answer, answerCall, type Call, type Clocks } from './rest.ts';
import { World } from './world.ts';

/** A call in the log. */
export interface Logged {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A fault of matching calls. */
export interface Fault {
  /** Matched against `METHOD /path`. */
  readonly match: RegExp;
  /** Answers with this status; 0 cuts the connection instead. */
  readonly status: number;
  readonly code?: number;
  /** How many calls fail. */
  times: number;
  /** The share of matching calls that fail; all by default. */
  readonly share?: number;
  /** Whether the call takes effect before the answer is lost. */
  readonly takesEffect?: boolean;
  readonly delayMs?: number;
}

const GATEWAY_ROUTE = 'GET /api/v10/gateway/bot';
/** A made-up token in the right format. */
export const BOT_TOKEN = 'MTAwMDAwMDAwMDAwMDAwMDAwMA.Fake00.not-a-secret-at-all';

export class FakeDiscord {
  readonly world = new World();
  readonly token = BOT_TOKEN;
  readonly log: Logged[] = [];
  readonly faults: Fault[] = [];
  readonly clocks: { -readonly [Name in keyof Clocks]: number } = {
    acknowledgeMs: 3_000,
    tokenMs: 15 * 60_000,
    nonceMs: 3 * 60_000,
  };
  /** The latency of every call. */
  latencyMs = 5;
  /** The address where the app finds this server, if there is a proxy; its own port by default. */
  publicPort: number | undefined;
  readonly gateway: FakeGateway;
  readonly #http: Server;
  readonly #limits = new RateLimits();

  private constructor(http: Server) {
    this.#http = http;
    this.gateway = new FakeGateway(http, this.world, this.token, () => `ws://127.0.0.1:${this.#port}`);
    this.world.onChannel = (channel, what) => {
      const kind = channel.type === 11 ? 'THREAD' : 'CHANNEL';
      if (channel.guildId) this.gateway.dispatch(`${kind}_${what}`, channelOf(channel));
    };
    http.on('request', (request, response) => {
      this.#serve(request, response).catch((error) => {
        response.destroy(error);
      });
    });
  }

  static async start(): Promise<FakeDiscord> {
    const http = createServer();
    const fake = new FakeDiscord(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** The value of `DISCORD_API`. */
  get api(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  /** Responses with one status, or with those that Discord counts as invalid. */
  count(status: number | 'invalid'): number {
    const isCounted = (given: number) =>
      status === 'invalid' ? given === 401 || given === 403 || given === 429 : given === status;
    return this.log.filter((call) => isCounted(call.status)).length;
  }

  /** Removes the bot from the server; the gateway reports it to connected clients. */
  removeBot(): void {
    this.world.isMember = false;
    this.gateway.dispatch('GUILD_DELETE', { id: this.world.guild.id });
  }

  /** Makes matching calls fail from now on. */
  misbehave(fault: Omit<Fault, 'times'> & { times?: number }): void {
    this.faults.push({ times: 1, ...fault });
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Its own port. */
  get port(): number {
    return (this.#http.address() as { port: number }).port;
  }

  get #port(): number {
    return this.publicPort ?? this.port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    await sleep(this.latencyMs);
    const url = new URL(request.url ?? '/', this.api);
    const call: Call = {
      method: request.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: await parseBody(Buffer.concat(chunks), request.headers['content-type']),
    };
    const fault = this.#faultFor(call);
    if (fault?.delayMs) await sleep(fault.delayMs);
    const { status, headers, body } =
      fault && !fault.takesEffect ? faulty(fault) : this.#answer(call, request.headers.authorization);
    const answered = fault?.takesEffect ? faulty(fault) : { status, headers, body };
    this.log.push({ at: Date.now(), method: call.method, path: call.path, status: answered.status });
    if (answered.status === 0) {
      request.socket.destroy();
      return;
    }
    const type = answered.body === undefined ? {} : { 'content-type': 'application/json' };
    response.writeHead(answered.status, { ...type, ...answered.headers });
    response.end(answered.body === undefined ? undefined : JSON.stringify(answered.body));
  }

  #answer(call: Call, authorization: string | undefined): Answer & { headers: Record<string, string> } {
    const isBot = authorization === `Bot ${this.token}`;
    if (authorization && !isBot) {
      return { status: 401, headers: {}, body: { message: '401: Unauthorized', code: 0 } };
    }
    const path = call.path.replace(/^\/api\/v10/, '');
    const major = /^\/webhooks\/\d+\/[^/]+|^\/(?:channels|guilds)\/\d+/.exec(path)?.[0] ?? '';
    const limit = this.#limits.take(call.method, path, major, isBot);
    if (!limit.isAllowed) {
      const { retryAfterSeconds, isGlobal, headers } = limit;
      const body = {
        message: 'You are being rate limited.',
        retry_after: retryAfterSeconds,
        global: isGlobal,
      };
      return { status: 429, headers, body };
    }
    try {
      if (`${call.method} ${call.path}` === GATEWAY_ROUTE && isBot) {
        const { remaining, resetAfterMs: reset_after } = this.gateway.sessions;
        const session_start_limit = { total: 1_000, remaining, reset_after, max_concurrency: 1 };
        const body = { url: `ws://127.0.0.1:${this.#port}`, shards: 1, session_start_limit };
        return { status: 200, headers: limit.headers, body };
      }
      const answer = answerCall(this.world, call, isBot, this.clocks);
      if (answer) return { ...answer, headers: limit.headers };
      return { status: 404, headers: limit.headers, body: { message: '404: Not Found', code: 0 } };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message, errors } = error;
      return { status, headers: limit.headers, body: { message, code, errors } };
    }
  }

  #faultFor({ method, path }: Call): Fault | undefined {
    const fault = this.faults.find(
      ({ match, times, share = 1 }) =>
        times > 0 && match.test(`${method} ${path}`) && (share === 1 || Math.random() < share),
    );
    if (fault) fault.times -= 1;
    return fault;
  }
}

function faulty({ status, code }: Fault): Answer & { headers: Record<string, string> } {
  const retry: Record<string, string> =
    status === 429 ? { 'retry-after': '1', 'x-ratelimit-scope': 'shared' } : {};
  return {
    status,
    headers: retry,
    body: { message: 'misbehaving', code: code ?? 0, retry_after: 1, global: false },
  };
}
