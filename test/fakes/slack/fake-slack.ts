/**
 * A Slack of several workspaces: Web API, response_urls, Socket Mode and signed HTTP on a free port, with
 * Slack's limits, clocks and refusals, and the power to misbehave on demand. The real Bolt talks to it
 * unchanged. What the app may do, and what it is told of, stands in its manifest.
 */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, type DeliveryKind, type DeliveryRoute, deliver } from './deliveries.ts';
import { RateLimits } from './limits.ts';
import { EVENT_OF, type Manifest, ourManifest, SCOPE_OF } from './manifest.ts';
import type { ApiTools, Args } from './method.ts';
import { changedEventOf, eventOf, messageEventOf, type Wire } from './payloads.ts';
import { Refusal } from './refusal.ts';
import { FakeSocketMode } from './socket-mode.ts';
import { type ResponseTarget, Triggers } from './triggers.ts';
import { checkBlocks, checkText, pingsIn } from './validation.ts';
import { answer, authenticate } from './web-api.ts';
import { type FakeMessage, type FakeTeam, type FakeUser, newTs, World } from './world.ts';

/** A call as the log keeps it: of a method, or of a `response_url`. */
export interface Logged {
  readonly at: number;
  readonly method: string;
  readonly teamId: string | undefined;
  readonly channelId: string | undefined;
  readonly args: Args;
  /** HTTP; 0 for a connection that was cut. */
  readonly status: number;
  /** Slack's code; undefined when all went well. */
  readonly error: string | undefined;
}

/** Something that goes wrong with calls that match. */
export interface Fault {
  /** Matched against the name of the method; a response_url is `response_url`. */
  readonly match: RegExp;
  /** Slack's refusal; without it `status` decides. */
  readonly error?: string;
  /** Answers with this status, 200 with `error`; 0 cuts the connection instead. */
  readonly status?: number;
  /** How many calls are hit. */
  times: number;
  /** Of those that match, the share that is hit; all by default. */
  readonly share?: number;
  /** Only these calls. */
  readonly when?: (args: Args) => boolean;
  /** Whether the call takes effect before the answer is lost. */
  readonly takesEffect?: boolean;
  readonly delayMs?: number;
  readonly retryAfterSeconds?: number;
}

const RESPONSE_URL = 'response_url';

export class FakeSlack {
  readonly world = new World();
  readonly manifest: Manifest;
  readonly log: Logged[] = [];
  readonly deliveries: Delivery[] = [];
  readonly faults: Fault[] = [];
  readonly limits = new RateLimits();
  readonly clocks = {
    acknowledgeMs: 3_000,
    retryMs: [0, 60_000, 300_000] as readonly number[],
    triggerMs: 3_000,
    responseUrlMs: 30 * 60_000,
    responseUrlUses: 5,
    streamMs: 300_000,
  };
  readonly triggers = new Triggers(this.clocks);
  readonly socket: FakeSocketMode;
  /** Time that every call takes on its way. */
  latencyMs = 5;
  /** Where the app listens for HTTP; undefined for Socket Mode. */
  requestUrl: string | undefined;
  /** How often the app is told of the same thing. */
  copies = 1;
  /** Whether conversations take streams. */
  streamsIn: ApiTools['streamsIn'] = () => true;
  readonly #http: Server;
  readonly #end = new AbortController();

  private constructor(http: Server, manifest: Manifest) {
    this.#http = http;
    // Everything that waits, waits for this too.
    setMaxListeners(0, this.#end.signal);
    this.manifest = manifest;
    this.socket = new FakeSocketMode(http, this.world.app.id);
    http.on('request', (request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
  }

  /** Starts, with the manifest of this repository unless another one is given. */
  static async start(manifest: Manifest = ourManifest()): Promise<FakeSlack> {
    const http = createServer();
    const fake = new FakeSlack(http, manifest);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** What `SLACK_API` is to be. */
  get api(): string {
    return this.urlOf('/api');
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${(this.#http.address() as { port: number }).port}${path}`;
  }

  /** A workspace; the app is installed in it with all of its scopes, or with these. */
  addTeam(name = 'A Workspace', scopes: readonly string[] | undefined = this.manifest.scopes): FakeTeam {
    return this.world.addTeam(name, scopes);
  }

  /** A workspace that has not installed the app. */
  addStrangers(name = 'Strangers'): FakeTeam {
    return this.world.addTeam(name, undefined);
  }

  /** Calls of a method, or of those that match. */
  calls(method: string | RegExp, team?: FakeTeam): Logged[] {
    return this.log.filter(
      (call) =>
        (typeof method === 'string' ? call.method === method : method.test(call.method)) &&
        (!team || call.teamId === team.id),
    );
  }

  /** How often each method of a workspace was asked for too often: 429s, by `method workspace`. */
  limited(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { status, method, teamId } of this.log) {
      const key = `${method} ${teamId}`;
      if (status === 429) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  /** Makes calls go wrong from now on. */
  misbehave(fault: Omit<Fault, 'times'> & { times?: number }): void {
    this.faults.push({ times: 1, ...fault });
  }

  /** Tells the app of something. What it answers as it acknowledges is shown, where there is a place for it. */
  deliver(kind: DeliveryKind, team: FakeTeam, payload: Wire, target?: ResponseTarget): Delivery {
    const delivery = this.#deliver(kind, team, payload, target);
    for (let copy = 1; copy < this.copies; copy++) this.#deliver(kind, team, payload, target);
    return delivery;
  }

  /** Tells the app of the same thing once more, as Slack does when it doubts that it was heard. */
  redeliver({ kind, team, payload }: Delivery): Delivery {
    return this.#deliver(kind, team, payload, undefined, 1);
  }

  /** Tells the app of an event, if its manifest asks for it. */
  tell(team: FakeTeam, event: Wire, subscription = String(event.type)): Delivery[] {
    if (!this.manifest.events.has(subscription)) return [];
    return [this.deliver('events_api', team, eventOf(event, team, this.world, Date.now()))];
  }

  /** Tells the app of a message, as far as it can see it. */
  hear(message: FakeMessage): void {
    const { channel, text, author } = message;
    const { team, kind } = channel;
    if (!this.#sees(message)) return;
    const { channel_type, ...event } = messageEventOf(message);
    const isMention = text.includes(`<@${team.bot.id}`) && kind !== 'im' && !author.isBot;
    if (isMention && team.scopes.has('app_mentions:read')) this.tell(team, { ...event, type: 'app_mention' });
    this.tell(team, { ...event, channel_type }, EVENT_OF[kind]);
  }

  /** Somebody allows the app into a workspace: the address that leads back to the app, with a code. */
  authorize(authorizeUrl: string, team: FakeTeam, user: FakeUser): string {
    const { searchParams } = new URL(authorizeUrl);
    const { app, codes } = this.world;
    if (searchParams.get('client_id') !== app.clientId) throw new Error('Slack knows no such client_id.');
    const scopes = (searchParams.get('scope') ?? '').split(',').filter(Boolean);
    if (scopes.length === 0) throw new Error('The install link asks for no scope.');
    const redirectUri = searchParams.get('redirect_uri') ?? '';
    const code = `${Date.now()}.${randomBytes(8).toString('hex')}`;
    codes.set(code, { team, user, scopes, redirectUri });
    const query = new URLSearchParams({ code, state: searchParams.get('state') ?? '' });
    return `${redirectUri}?${query}`;
  }

  /** A workspace removes the app, and Slack tells of it. */
  uninstall(team: FakeTeam): Delivery[] {
    const { id } = team.bot;
    this.world.uninstall(team, 'account_inactive');
    return [
      ...this.tell(team, { type: 'tokens_revoked', tokens: { oauth: [], bot: [id] }, event_ts: newTs() }),
      ...this.tell(team, { type: 'app_uninstalled', event_ts: newTs() }),
    ];
  }

  /** All open streams die, as they do of age. */
  killStreams(): number {
    const open = [...this.world.teams.values()]
      .flatMap(({ channels }) => [...channels.values()])
      .flatMap(({ messages }) => [...messages.values()])
      .filter(({ stream }) => stream === 'open');
    for (const message of open) message.stream = 'dead';
    return open.length;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.socket.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #deliver(
    kind: DeliveryKind,
    team: FakeTeam,
    payload: Wire,
    target: ResponseTarget | undefined,
    attempt = 0,
  ): Delivery {
    const route: DeliveryRoute = {
      socket: this.socket,
      signingSecret: this.world.app.signingSecret,
      clocks: this.clocks,
      requestUrl: () => this.requestUrl,
      signal: this.#end.signal,
    };
    const delivery = deliver(kind, team, payload, route, attempt);
    this.deliveries.push(delivery);
    delivery.done.then(() => {
      const { answer } = delivery;
      if (kind === 'slash_commands' && target && answer && ('text' in answer || 'blocks' in answer)) {
        this.#respond(answer, target);
      }
    });
    return delivery;
  }

  #sees({ channel, onlyFor }: FakeMessage): boolean {
    const { team, kind, members } = channel;
    return onlyFor === undefined && members.has(team.bot.id) && team.scopes.has(SCOPE_OF[kind]);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    await sleep(this.latencyMs);
    const path = new URL(request.url ?? '/', this.api).pathname;
    const isApi = path.startsWith('/api/');
    const method = isApi ? path.slice('/api/'.length) : RESPONSE_URL;
    const args = parse(text, request.headers['content-type'] ?? '');
    const token =
      /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? (args.token as string | undefined);
    const fault = this.#faultFor(method, args);
    if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal: this.#end.signal, ref: false });
    const isMute = fault !== undefined && !fault.takesEffect;
    const given = isMute
      ? { ...faulty(fault), teamId: undefined }
      : isApi
        ? this.#answer(method, args, token)
        : this.#takeResponse(path, args, request);
    const answered = fault?.takesEffect ? { ...faulty(fault), teamId: given.teamId } : given;
    this.log.push({
      at: Date.now(),
      method,
      teamId: answered.teamId ?? this.world.tokens.get(token ?? '')?.team.id,
      channelId: args.channel as string | undefined,
      args,
      status: answered.status,
      error: answered.body.ok === false ? String(answered.body.error) : undefined,
    });
    if (answered.status === 0) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers });
    response.end(JSON.stringify(answered.body));
  }

  #answer(method: string, args: Args, token: string | undefined): Answered {
    const tools: ApiTools = {
      world: this.world,
      triggers: this.triggers,
      streamMs: this.clocks.streamMs,
      streamsIn: this.streamsIn,
      socketUrl: () => this.urlOf(this.socket.ticket()).replace('http', 'ws'),
      posted: (message) => this.hear(message),
      edited: (message) => this.#tellOfChange(message),
    };
    let team: FakeTeam | undefined;
    try {
      team = authenticate(method, token, tools);
      const wait = this.limits.take(method, team?.id ?? '', args.channel as string | undefined);
      if (wait !== undefined) {
        const headers = { 'retry-after': String(wait) };
        return { status: 429, headers, body: { ok: false, error: 'ratelimited' }, teamId: team?.id };
      }
      const body = { ok: true, ...answer(method, args, team, tools) };
      return { status: 200, headers: scopesOf(team), body, teamId: team?.id };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const body = { ok: false, error: error.code, ...error.details };
      return { status: 200, headers: scopesOf(team), body, teamId: team?.id };
    }
  }

  /** Edits are events too. */
  #tellOfChange(message: FakeMessage): void {
    const { team, kind } = message.channel;
    if (this.#sees(message)) this.tell(team, changedEventOf(message, newTs()), EVENT_OF[kind]);
  }

  #takeResponse(path: string, args: Args, request: IncomingMessage): Answered {
    try {
      if (!/^application\/json/.test(request.headers['content-type'] ?? ''))
        throw new Refusal('invalid_payload');
      const target = this.triggers.respond(path);
      this.#respond(args, target);
      return { status: 200, headers: {}, body: { ok: true }, teamId: target.channel.team.id };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code } = error;
      const status = /url$/.test(code) ? 404 : 400;
      return { status, headers: {}, body: { ok: false, error: code }, teamId: undefined };
    }
  }

  /** Says something through a response_url, or as a command is acknowledged. */
  #respond(args: Args, { channel, user, on }: ResponseTarget): void {
    const text = checkText(args.text, { isEdit: false });
    const blocks = checkBlocks(args.blocks, 'message') ?? [];
    if (args.delete_original === true && on) {
      on.deleted = true;
      return;
    }
    if (text === undefined && blocks.length === 0) throw new Refusal('no_text');
    this.world.pings.push(...pingsIn(text ?? '', blocks));
    const body = { text: text ?? '', blocks };
    if (args.replace_original === true && on) {
      this.world.editMessage(on, body);
      return;
    }
    const isOpen = args.response_type === 'in_channel';
    this.world.addMessage(channel, channel.team.bot, { ...body, ...(isOpen ? {} : { onlyFor: user.id }) });
  }

  #faultFor(method: string, args: Args): Fault | undefined {
    const fault = this.faults.find(
      ({ match, times, share = 1, when }) =>
        times > 0 && match.test(method) && (!when || when(args)) && (share === 1 || Math.random() < share),
    );
    if (fault) fault.times -= 1;
    return fault;
  }
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Wire;
  readonly teamId: string | undefined;
}

function scopesOf(team: FakeTeam | undefined): Record<string, string> {
  return team ? { 'x-oauth-scopes': [...team.scopes].join(',') } : {};
}

function faulty({ status, error, retryAfterSeconds = 1 }: Fault): Omit<Answered, 'teamId'> {
  const code = status ?? 200;
  const headers: Record<string, string> = code === 429 ? { 'retry-after': String(retryAfterSeconds) } : {};
  return { status: code, headers, body: { ok: false, error: error ?? 'misbehaving' } };
}

function parse(text: string, type: string): Args {
  if (/^application\/json/.test(type)) return text === '' ? {} : JSON.parse(text);
  return Object.fromEntries(new URLSearchParams(text));
}
