/**
 * A Slack of several workspaces: Web API, Socket Mode and signed HTTP requests, with Slack's limits, time
 * limits and refusals, and with faults on demand. The real Bolt talks to it unchanged.
 */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deliveries, type Delivery, type DeliveryKind } from './delivery.ts';
import { RateLimits } from './limits.ts';
import { MANIFEST } from './manifest.ts';
import { answerCall, type Call, type Clocks, workspaceOf } from './methods.ts';
import { changedEventOf, deletedEventOf, eventOf, messageEventOf, messageOf } from './payloads.ts';
import { Refusal } from './refusal.ts';
import {
  type FakeChannel,
  type FakeMessage,
  type FakeUser,
  SCOPE_OF_KIND,
  slackId,
  tokenFor,
  type Workspace,
  World,
} from './world.ts';

/** A call in the log. */
export interface Logged {
  readonly at: number;
  readonly method: string;
  readonly workspaceId: string | undefined;
  /** The conversation of the call. */
  readonly channelId: string | undefined;
  readonly status: number;
  /** `ok`, or Slack's error code. */
  readonly outcome: string;
}

/** A fault of matching calls. */
export interface Fault {
  /** Matched against the method's name. */
  readonly match: RegExp;
  /** Slack's error code; or an HTTP status; 0 cuts the connection instead. */
  readonly answer: string | number;
  /** How many calls fail. */
  times: number;
  /** Only calls for this conversation. */
  readonly channel?: FakeChannel;
  /** The share of matching calls that fail; all by default. */
  readonly share?: number;
  /** Whether the call takes effect before the answer is lost. */
  readonly takesEffect?: boolean;
  readonly delayMs?: number;
  /** The delay that a 429 asks for; a second by default. */
  readonly retryAfterSeconds?: number;
}

/** An authorization by a user. */
interface Grant {
  readonly workspace: Workspace;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
}

/** An address for answers to a conversation, valid for a limited time. */
interface ResponseUrl {
  readonly channel: FakeChannel;
  readonly user: FakeUser;
  readonly openedAt: number;
  uses: number;
}

interface Answered {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly workspace?: Workspace | undefined;
}

const RESPONSES_MAX = 5;
/** The message events, by kind of conversation. */
const TOPICS = {
  channel: 'message.channels',
  group: 'message.groups',
  im: 'message.im',
  mpim: 'message.mpim',
} as const;
const OPEN_CONNECTION = 'apps.connections.open';
const AUTHORIZE = 'oauth.v2.access';

export class FakeSlack {
  readonly world = new World();
  /** The default workspace. */
  readonly workspace = this.world.addWorkspace();
  readonly log: Logged[] = [];
  readonly faults: Fault[] = [];
  readonly clocks: { -readonly [Name in keyof Clocks]: number } & { responseUrlMs: number } = {
    streamMs: 5 * 60_000,
    editWindowMs: Number.POSITIVE_INFINITY,
    triggerMs: 3_000,
    responseUrlMs: 30 * 60_000,
  };
  /** The latency of every call. */
  latencyMs = 5;
  /** The address where the app finds this server, if there is a proxy; its own port by default. */
  publicPort: number | undefined;
  /** How often the same request is delivered to the app. */
  copies = 1;
  readonly deliveries: Deliveries;
  readonly limits = new RateLimits();
  readonly #http: Server;
  readonly #tickets = new Set<string>();
  readonly #responseUrls = new Map<string, ResponseUrl>();
  readonly #codes = new Map<string, Grant>();
  readonly #end = new AbortController();

  private constructor(http: Server) {
    this.#http = http;
    const isTicket = (ticket: string | null) => ticket !== null && this.#tickets.delete(ticket);
    this.deliveries = new Deliveries(http, isTicket, this.world.appId);
    this.world.files.origin = () => this.#origin;
    this.world.onMessage = (message) => this.#tell(message);
    this.world.onEdit = (message) => this.#tellOfChange(message, changedEventOf);
    this.world.onDelete = (message) => this.#tellOfChange(message, deletedEventOf);
    // Waiting calls also wait for the end of the server.
    setMaxListeners(0, this.#end.signal);
    http.on('request', (request, response) => {
      this.#serve(request, response).catch((error) => {
        response.destroy(error);
      });
    });
  }

  static async start(): Promise<FakeSlack> {
    const http = createServer();
    const fake = new FakeSlack(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** The value of `SLACK_API`. */
  get api(): string {
    return `${this.#origin}/api/`;
  }

  /** Calls of a method with a given result: `ok`, `ratelimited`, `not_in_channel`, ... */
  count(method: string | RegExp, outcome: string): number {
    return this.log.filter(
      (call) =>
        (typeof method === 'string' ? call.method === method : method.test(call.method)) &&
        call.outcome === outcome,
    ).length;
  }

  /** Makes matching calls fail from now on. */
  misbehave(fault: Omit<Fault, 'times'> & { times?: number }): void {
    this.faults.push({ times: 1, ...fault });
  }

  /** Delivers a request to the app, and shows the message of its acknowledgement. */
  deliver(
    kind: DeliveryKind,
    payload: Readonly<Record<string, unknown>>,
    shownTo?: { readonly channel: FakeChannel; readonly user: FakeUser },
  ): Delivery {
    const delivery = this.deliveries.send(kind, payload);
    for (let copy = 1; copy < this.copies; copy++) this.deliveries.send(kind, payload);
    if (shownTo) {
      delivery.done.then(
        () => this.#show(delivery.response, shownTo),
        () => {},
      );
    }
    return delivery;
  }

  /** Delivers a request once more, as Slack does when it doubts that the app received it. */
  redeliver({ kind, payload }: Delivery): Delivery {
    return this.deliveries.send(kind, payload);
  }

  /** Delivers an event to the app. */
  dispatch(
    workspace: Workspace,
    event: Readonly<Record<string, unknown>>,
    eventId = slackId('Ev'),
  ): Delivery {
    return this.deliver('events_api', eventOf(this.world, workspace, eventId, event));
  }

  /** A user authorizes the app in a workspace: the code that Slack gives to the app. */
  approve(workspace: Workspace): string {
    return this.#grant({ workspace, scopes: workspace.scopes, redirectUri: '' });
  }

  /**
   * A user authorizes the app in a workspace, on the page of an install link.
   *
   * @returns the query with which Slack redirects to the app
   */
  authorize(link: string, workspace: Workspace): URLSearchParams {
    const { searchParams } = new URL(link);
    if (searchParams.get('client_id') !== this.world.clientId) throw new Error('Slack knows no such app.');
    const scopes = (searchParams.get('scope') ?? '').split(',').filter(Boolean);
    const unknown = scopes.filter((scope) => !MANIFEST.scopes.includes(scope));
    if (scopes.length === 0 || unknown.length > 0)
      throw new Error(`The link asks for ${unknown.join() || 'nothing'}.`);
    const code = this.#grant({ workspace, scopes, redirectUri: searchParams.get('redirect_uri') ?? '' });
    return new URLSearchParams({ code, state: searchParams.get('state') ?? '' });
  }

  /** A user removes the app from a workspace. */
  uninstall(workspace: Workspace): Delivery {
    workspace.isRevoked = true;
    return this.dispatch(workspace, { type: 'app_uninstalled' });
  }

  /**
   * A channel is archived, deleted, or the bot is removed from it. The app receives the events that it
   * subscribed to.
   */
  close(channel: FakeChannel, how: 'archive' | 'deleted' | 'left'): Delivery | undefined {
    const { workspace, kind, id } = channel;
    const type = `${kind === 'group' ? 'group' : 'channel'}_${how}`;
    if (how === 'archive') channel.isArchived = true;
    if (how === 'left') channel.isMember = false;
    if (how === 'deleted') this.world.channels.delete(id);
    const isTold =
      this.world.subscriptions.has(type) && workspace.scopes.includes(`${SCOPE_OF_KIND[kind]}:read`);
    return isTold ? this.dispatch(workspace, { type, channel: id }) : undefined;
  }

  openResponseUrl(channel: FakeChannel, user: FakeUser): string {
    const id = randomUUID();
    this.#responseUrls.set(id, { channel, user, openedAt: Date.now(), uses: 0 });
    return this.#responseUrl(id);
  }

  #responseUrl(id: string): string {
    return `${this.#origin}/response/${id}`;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.deliveries.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #grant(grant: Grant): string {
    const code = randomUUID();
    this.#codes.set(code, grant);
    return code;
  }

  /** Its own port. */
  get port(): number {
    return (this.#http.address() as { port: number }).port;
  }

  get #origin(): string {
    return `http://127.0.0.1:${this.publicPort ?? this.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const text = bytes.toString('utf8');
    await sleep(this.latencyMs);
    const { pathname } = new URL(request.url ?? '/', this.#origin);
    const [, kind, name = ''] = pathname.split('/');
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const method = kind === 'response' ? 'response_url' : kind === 'upload' ? 'upload_url' : name;
    const fault = this.#faultFor(method, text);
    if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal: this.#end.signal });
    const answer = (): Answered => {
      if (kind === 'upload') return { status: this.world.files.receive(name, bytes) ? 200 : 400, body: {} };
      return kind === 'response' ? this.#respond(name, text) : this.#answer(request, method, text);
    };
    let answered = fault && !fault.takesEffect ? faulty(fault) : answer();
    if (fault?.takesEffect) answered = faulty(fault);
    const { status, headers, body, workspace } = answered;
    const outcome = status === 0 ? 'cut' : body.ok === true ? 'ok' : String(body.error ?? status);
    const form = new URLSearchParams(text);
    const channelId = form.get('channel') ?? form.get('channel_id') ?? undefined;
    this.log.push({ at: Date.now(), method, workspaceId: workspace?.id, channelId, status, outcome });
    if (status === 0) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(JSON.stringify(body));
  }

  #answer(request: IncomingMessage, method: string, text: string): Answered {
    const call = readCall(request, method, text);
    let workspace: Workspace | undefined;
    try {
      if (method === OPEN_CONNECTION) return this.#openConnection(call);
      if (method === AUTHORIZE) return this.#authorize(request, call);
      workspace = workspaceOf(this.world, call.token);
      const channelId = typeof call.fields.channel === 'string' ? call.fields.channel : undefined;
      const retryAfter = this.limits.take(method, workspace.id, channelId);
      if (retryAfter !== undefined) {
        const headers = { 'retry-after': String(retryAfter) };
        return { status: 429, headers, body: { ok: false, error: 'ratelimited' }, workspace };
      }
      const { body } = answerCall(this.world, call, this.clocks);
      const headers = { 'x-oauth-scopes': workspace.scopes.join(',') };
      return { status: 200, headers, body: { ok: true, ...body }, workspace };
    } catch (error) {
      return { status: 200, body: refusalOf(error), workspace };
    }
  }

  #openConnection({ token }: Call): Answered {
    if (this.world.workspaces.some((one) => one.token === token)) {
      throw new Refusal('not_allowed_token_type');
    }
    if (token !== this.world.appToken || this.world.isAppTokenRevoked) throw new Refusal('invalid_auth');
    const ticket = randomUUID();
    this.#tickets.add(ticket);
    const url = `${this.#origin.replace('http', 'ws')}/link?ticket=${ticket}&app_id=${this.world.appId}`;
    return { status: 200, body: { ok: true, url } };
  }

  #authorize(request: IncomingMessage, { fields }: Call): Answered {
    const { clientId, clientSecret, appId } = this.world;
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const [id, secret] = basic
      ? Buffer.from(basic, 'base64').toString('utf8').split(':')
      : [fields.client_id, fields.client_secret];
    if (id !== clientId) throw new Refusal('invalid_client_id');
    if (secret !== clientSecret) throw new Refusal('bad_client_secret');
    const grant = this.#codes.get(String(fields.code));
    if (!grant) throw new Refusal('invalid_code');
    this.#codes.delete(String(fields.code));
    if (String(fields.redirect_uri ?? '') !== grant.redirectUri) throw new Refusal('bad_redirect_uri');
    const { workspace } = grant;
    workspace.scopes = grant.scopes;
    // A reinstallation creates another token; the old one stays invalid.
    if (workspace.isRevoked) workspace.token = tokenFor(workspace.id);
    workspace.isRevoked = false;
    return {
      status: 200,
      workspace,
      body: {
        ok: true,
        app_id: appId,
        authed_user: { id: slackId('U') },
        scope: workspace.scopes.join(','),
        token_type: 'bot',
        access_token: workspace.token,
        bot_user_id: workspace.bot.id,
        team: { id: workspace.id, name: workspace.name },
        enterprise: null,
        is_enterprise_install: false,
      },
    };
  }

  #respond(id: string, text: string): Answered {
    const known = this.#responseUrls.get(id);
    const isOver = !known || Date.now() - known.openedAt > this.clocks.responseUrlMs;
    if (isOver) return { status: 404, body: { ok: false, error: 'expired_url' } };
    if (known.uses >= RESPONSES_MAX) return { status: 404, body: { ok: false, error: 'used_url' } };
    known.uses += 1;
    this.#show(JSON.parse(text), known, this.#responseUrl(id));
    return { status: 200, body: { ok: true }, workspace: known.channel.workspace };
  }

  /** Shows a response: to all users, or to the one who asked. */
  #show(
    response: unknown,
    { channel, user }: { readonly channel: FakeChannel; readonly user: FakeUser },
    responseUrl?: string,
  ): void {
    if (typeof response !== 'object' || response === null) return;
    const { text = '', response_type: type = 'ephemeral' } = response as Record<string, string>;
    // An empty acknowledgement in Socket Mode is an empty object.
    if (text === '') return;
    if (type === 'in_channel') this.world.addMessage(channel, channel.workspace.bot, { text });
    else {
      const via = responseUrl === undefined ? {} : { responseUrl };
      this.world.ephemerals.push({ at: Date.now(), channelId: channel.id, userId: user.id, text, ...via });
    }
  }

  /** Sends the app the event of a message in a conversation that it is in, including its own. */
  #tell(message: FakeMessage): void {
    const { channel, text, isBots } = message;
    const { workspace, kind } = channel;
    const { subscriptions } = this.world;
    if (!this.#isSeen(channel)) return;
    if (subscriptions.has(TOPICS[kind])) this.dispatch(workspace, messageEventOf(message, this.world));
    const isMention = !isBots && kind !== 'im' && text.includes(`<@${workspace.bot.id}>`);
    if (!isMention || !subscriptions.has('app_mention')) return;
    if (!workspace.scopes.includes('app_mentions:read')) return;
    const said = messageOf(message, this.world);
    this.dispatch(workspace, { ...said, type: 'app_mention', channel: channel.id, event_ts: message.ts });
  }

  /** Sends the app the event of an edit or a deletion in a conversation that it is in. */
  #tellOfChange(message: FakeMessage, payloadOf: typeof changedEventOf): void {
    const { workspace, kind } = message.channel;
    if (!this.#isSeen(message.channel) || !this.world.subscriptions.has(TOPICS[kind])) return;
    this.dispatch(workspace, payloadOf(message, this.world));
  }

  /** Whether the app receives the messages of a conversation. */
  #isSeen({ workspace, kind, isMember }: FakeChannel): boolean {
    return isMember && !workspace.isRevoked && workspace.scopes.includes(`${SCOPE_OF_KIND[kind]}:history`);
  }

  #faultFor(method: string, text: string): Fault | undefined {
    const fault = this.faults.find(
      ({ match, times, share = 1, channel }) =>
        times > 0 &&
        match.test(method) &&
        (!channel || text.includes(channel.id)) &&
        (share === 1 || Math.random() < share),
    );
    if (fault) fault.times -= 1;
    return fault;
  }
}

/** Parses a call as Slack does: a form, in which values other than text are JSON. */
function readCall(request: IncomingMessage, method: string, text: string): Call {
  const isForm = /^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? '');
  const given: Record<string, unknown> = isForm
    ? Object.fromEntries(new URLSearchParams(text))
    : JSON.parse(text);
  for (const name of ['blocks', 'view', 'chunks', 'metadata', 'files', 'prompts']) {
    if (typeof given[name] === 'string') given[name] = JSON.parse(given[name]);
  }
  const { token, ...fields } = given;
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return { method, fields, token: bearer ?? (typeof token === 'string' ? token : undefined) };
}

function refusalOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Refusal)) throw error;
  const { code, messages } = error;
  return {
    ok: false,
    error: code,
    ...(code === 'missing_scope' ? { needed: messages[0] } : {}),
    ...(messages.length > 0 ? { response_metadata: { messages } } : {}),
  };
}

function faulty({ answer, retryAfterSeconds = 1 }: Fault): Answered {
  if (answer === 429) {
    return {
      status: 429,
      headers: { 'retry-after': String(retryAfterSeconds) },
      body: { ok: false, error: 'ratelimited' },
    };
  }
  if (typeof answer === 'number') return { status: answer, body: {} };
  return { status: 200, body: { ok: false, error: answer } };
}
