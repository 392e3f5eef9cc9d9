/**
 * The web platform's server: the page and its API.
 *
 * 1. The guards check the Host and Origin headers and count requests.
 * 2. The page is bundled once and served from memory (`page-files.ts`).
 * 3. A story is submitted, read, followed and stopped (`api.ts`) through the queue (`replies.ts`).
 * 4. A shared story is a page of its own (`shares.ts`).
 * 5. Every error is sent as a sentence (`refusals.ts`), and the log never holds a prompt.
 */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { clientNetwork, hostGuard, isSameOrigin, lacksNames, parseProxies } from '../../http/address.ts';
import { fastifyOptions, type HttpTimeouts, listen } from '../../http/listen.ts';
import { PAGE_POLICY } from '../../page/policy.ts';
import type { Requester } from '../../queue/admission/store.ts';
import type { Shares } from '../../queue/shares.ts';
import type { ModelChoice, StoryRequest } from '../../story/story.ts';
import { addApi, addEventRoutes, type OpenStreams } from './api.ts';
import { addPage, type PageLinks } from './page-files.ts';
import { answerMalformed, refusalFor, sendRefusal, WebRefusal, wasRefused } from './refusals.ts';
import type { WebReplies } from './replies.ts';
import { addressOf, proxyWarner, readJsonOnly } from './request.ts';
import { addShares } from './shares.ts';
import { KEEP_ALIVE_MS } from './snapshot-stream.ts';

const MINUTE_MS = 60_000;
const HEALTH_PATH = '/healthz';
/** How long event streams may take to send their last states when the server closes. */
const CLOSE_GRACE_MS = 1_000;

/** What a browser may do with the server's responses. No HSTS, because localhost is served over plain http. */
const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { ...PAGE_POLICY, 'frame-ancestors': ["'none'"] },
  },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
};

/** The options of a web server. */
export interface WebServerOptions {
  readonly replies: WebReplies;
  /** The models on the page; the first is the default. */
  readonly models: readonly ModelChoice[];
  /** Parses a user's input into a request, or throws a `StoryError` that says what is wrong. */
  readonly parseRequest: (input: unknown) => StoryRequest;
  readonly logger: Logger;
  /** The address to bind to; by default only this machine can reach the page. */
  readonly host?: string;
  /** The port to bind to; 0 for any that is free. */
  readonly port: number;
  /** Further names that this server answers to, as in a Host header without the port. */
  readonly allowedHosts?: readonly string[];
  /** Proxies whose `X-Forwarded-For` is trusted, in the format of `parseProxies`; by default none. */
  readonly trustProxy?: string;
  /** The requester behind a client's address; by default undefined, so that stories are not counted. */
  readonly clientAt?: (address: string) => Requester | undefined;
  /** Per client and per minute. */
  readonly limits?: { readonly stories?: number; readonly requests?: number };
  /** Most event streams at once: of all clients, and of one. */
  readonly maxFollowers?: number;
  readonly maxFollowersPerClient?: number;
  /** How long an event stream stays silent, in milliseconds. */
  readonly keepAliveMs?: number;
  readonly timeouts?: HttpTimeouts;
  /** The shared stories, and the public address of the page; absent where stories are not shared. */
  readonly sharing?: { readonly shares: Shares; readonly publicUrl: string };
  /** The links on the page. */
  readonly links?: PageLinks;
}

/** A server that can be started and stopped once. */
export interface WebServer {
  /** Starts listening; resolves with the page's address. Rejects with a `StoryError` on failure. */
  listen(): Promise<string>;
  /** Ends open event streams, lets other responses finish, and closes. */
  close(): Promise<void>;
}

/** Makes the web platform's server; it binds no port until `listen` is called. */
export function createWebServer(options: WebServerOptions): WebServer {
  const host = options.host ?? '127.0.0.1';
  let app: FastifyInstance | undefined;
  return {
    async listen() {
      app = await buildApp(options, host);
      const url = await listen(app, { host, port: options.port, setting: 'SCIFI_PORT' });
      if (lacksNames(host, options.allowedHosts ?? [])) {
        options.logger.warn(
          `The page listens on ${host} and answers to addresses and localhost only, because SCIFI_ALLOWED_HOSTS ` +
            'names no host. Name those that people use, such as scifi.example.org.',
        );
      }
      return url;
    },
    async close() {
      await app?.close();
    },
  };
}

async function buildApp(options: WebServerOptions, host: string): Promise<FastifyInstance> {
  const { logger, allowedHosts = [], limits = {} } = options;
  let streams: OpenStreams | undefined;
  const answersTo = hostGuard(host, allowedHosts);
  const trusts = proxiesOf(options.trustProxy);
  const warnOfProxy = proxyWarner(trusts, (text) => logger.warn(text));
  const app = fastify({
    ...fastifyOptions(options.timeouts),
    trustProxy: options.trustProxy === undefined ? false : trusts,
    frameworkErrors: (error, _request, reply) => void sendRefusal(reply, refusalFor(error)),
    clientErrorHandler: answerMalformed,
  });

  logRequests(app, logger);
  closeGracefully(app, () => streams?.finishStreams());
  await app.register(helmet, SECURITY_HEADERS);
  app.addHook('onRequest', async (request) => {
    warnOfProxy(request.headers['x-forwarded-for'], request.socket.remoteAddress);
    // Load balancers probe an address of their own choosing, and the answer reveals nothing.
    if (request.routeOptions.url !== HEALTH_PATH && !answersTo(request.headers.host)) {
      throw new WebRefusal(
        403,
        'forbidden',
        'This server does not answer to that host name. Open it as localhost, or add the name to SCIFI_ALLOWED_HOSTS.',
      );
    }
    const safe = request.method === 'GET' || request.method === 'HEAD';
    if ((!safe || request.url.startsWith('/api/')) && !isSameOrigin(request.headers, allowedHosts)) {
      throw new WebRefusal(
        403,
        'forbidden',
        'Only the page of this server may send this request. Open the page and use it there.',
      );
    }
  });
  await app.register(rateLimit, {
    max: limits.requests ?? 1_200,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => clientNetwork(addressOf(request)),
    errorResponseBuilder: (_request, { after }) =>
      new WebRefusal(429, 'rate_limited', `Too many requests at once. Please try again in ${after}.`),
  });

  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFor(error);
    if (refusal.error.code === 'aborted' && wasRefused(request.socket)) return reply.hijack();
    if (refusal.status === 500) logDefect(logger, request.routeOptions.url, error);
    return sendRefusal(reply, refusal);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_request, reply) =>
    sendRefusal(reply, refusalFor({ statusCode: 404 })),
  );
  readJsonOnly(app);

  app.get(HEALTH_PATH, () => ({ ok: true }));
  await addPage(app, options.links);
  addApi(app, {
    replies: options.replies,
    models: options.models,
    parseRequest: options.parseRequest,
    clientAt: options.clientAt ?? (() => undefined),
    sharesStories: options.sharing !== undefined,
    storyLimit: { max: limits.stories ?? 60, timeWindow: MINUTE_MS },
  });
  if (options.sharing) {
    const { shares, publicUrl } = options.sharing;
    addShares(app, { shares, base: publicUrl, models: options.models, replies: options.replies });
  }
  streams = addEventRoutes(app, {
    replies: options.replies,
    maxFollowers: options.maxFollowers ?? 1_000,
    maxFollowersPerClient: options.maxFollowersPerClient ?? 50,
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
  });
  app.addHook('onClose', async () => streams?.cutStreams());
  return app;
}

/** Makes the check whether a peer is one of the listed proxies; an invalid list is rejected here. */
function proxiesOf(list: string | undefined): (address: string | undefined) => boolean {
  if (list === undefined) return () => false;
  const trusts = parseProxies(list);
  if (trusts === undefined)
    throw new RangeError(`Expected \`trustProxy\` to be a list of proxies, got ${list}`);
  return trusts;
}

/**
 * Logs one line per request: method, route pattern, status, duration. Never the URL itself, the body or an
 * error's message, because each of them may hold a prompt (`JSON.parse` quotes what it could not read).
 */
function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    // Pages request the status every few seconds; successful reads are not logged.
    const quiet = reply.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD');
    logger[quiet ? 'debug' : 'info'](line, 'request');
  });
}

/** Logs only the kind and location of a defect. */
function logDefect(logger: Logger, route: string | undefined, error: unknown): void {
  const { name, code, stack } = (error ?? {}) as { name?: string; code?: unknown; stack?: unknown };
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  logger.error({ route, kind: name, code, at: frames.map((line) => line.trim()) }, 'request failed');
}

/**
 * Lets responses in progress finish before the server closes its connections, for at most `CLOSE_GRACE_MS`.
 */
function closeGracefully(app: FastifyInstance, endStreams: () => void): void {
  let inProgress = 0;
  let onIdle = () => {};
  app.addHook('onRequest', async (_request, reply) => {
    inProgress++;
    // Not `onResponse`: Fastify does not call it for a client that disconnected.
    reply.raw.once('close', () => {
      inProgress--;
      if (inProgress === 0) onIdle();
    });
  });
  app.addHook('preClose', async () => {
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve;
    });
    endStreams();
    if (inProgress === 0) return;
    const grace = setTimeout(onIdle, CLOSE_GRACE_MS);
    await idle;
    clearTimeout(grace);
  });
}
