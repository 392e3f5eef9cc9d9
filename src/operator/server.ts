/**
 * The operator's endpoints of a process, on a port separate from the users' one: liveness (`/healthz`),
 * readiness (`/readyz`), metrics (`/metrics`), reports (`/reports`), and the queue (`/board`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { Queue } from 'bullmq';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { hostGuard } from '../http/address.ts';
import { fastifyOptions, type HttpTimeouts, listen } from '../http/listen.ts';
import { registry } from '../metrics.ts';

/** A check that returns a problem as a sentence, or undefined. */
export type Check = () => Promise<string | undefined> | string | undefined;

/** A report on the last days, as JSON. */
export type Report = (days: number) => Promise<unknown>;

export interface OperatorOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Further names that this port answers to, as in a Host header without the port. */
  readonly allowedHosts?: readonly string[];
  readonly timeouts?: HttpTimeouts;
  /** Checks whose failure needs a restart. */
  readonly alive: Readonly<Record<string, Check>>;
  /** Checks that must pass before a process is sent work. */
  readonly ready: Readonly<Record<string, Check>>;
  /** Checks that are reported but do not affect readiness. */
  readonly trouble: Readonly<Record<string, Check>>;
  /** Reports by their names; absent for none. */
  readonly reports?: Readonly<Record<string, Report>>;
  /** The password of the queues' board; undefined for no board. */
  readonly boardPassword: string | undefined;
  readonly logger: Logger;
}

export interface OperatorServer {
  readonly url: string;
  /** Adds queues to the board; they are opened later than the board. */
  showQueues(queues: readonly Queue[]): void;
  close(): Promise<void>;
}

/** A check without an answer after this time has failed: probes wait about as long. */
const CHECK_TIMEOUT_MS = 1_000;

/**
 * Starts the server.
 *
 * @throws StoryError `configuration` when the server cannot listen on the port
 */
export async function startOperatorServer(options: OperatorOptions): Promise<OperatorServer> {
  const { host, port, boardPassword, logger } = options;
  const app = fastify(fastifyOptions(options.timeouts));
  await guard(app, options);
  app.get('/healthz', async (_request, reply) => answer(reply, await problemsOf(options.alive)));
  app.get('/readyz', async (_request, reply) => {
    const [problems, trouble] = await Promise.all([problemsOf(options.ready), problemsOf(options.trouble)]);
    return { ...answer(reply, problems), ...(Object.keys(trouble).length > 0 && { trouble }) };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  app.get('/reports/:name', async (request: ReportRequest, reply) => {
    const { name } = request.params;
    const report = Object.hasOwn(options.reports ?? {}, name) ? options.reports?.[name] : undefined;
    const days = Number(request.query.days);
    if (report && Number.isInteger(days) && days > 0) return report(days);
    return reply.code(report ? 400 : 404).send({ ok: false });
  });
  let showQueues = (_queues: readonly Queue[]) => {};
  if (boardPassword !== undefined) {
    // The board's module is large, so it is loaded only where a board is configured.
    const { addBoard } = await import('./board.ts');
    showQueues = await addBoard(app, boardPassword, logger);
  }
  const url = await listen(app, { host, port, setting: 'SCIFI_OPERATOR_PORT' });
  logger.info({ url, board: boardPassword !== undefined }, 'operator server ready');
  return { url, showQueues, close: () => app.close() };
}

type ReportRequest = FastifyRequest<{ Params: { name: string }; Querystring: { days?: string } }>;

/** The headers of the page's server; the board's page needs some of them relaxed. */
const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // The board sets the widths of its bars in style attributes.
      styleSrc: ["'self'", "'unsafe-inline'"],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
};

/** Probes use an address; any other name could be one that a hostile site points here. */
async function guard(app: FastifyInstance, { host, allowedHosts = [] }: OperatorOptions): Promise<void> {
  const answersTo = hostGuard(host, allowedHosts);
  await app.register(helmet, SECURITY_HEADERS);
  app.addHook('onRequest', async (request, reply) => {
    if (answersTo(request.headers.host)) return;
    const message =
      'This port does not answer to that host name. Use its address, or add the name to SCIFI_OPERATOR_ALLOWED_HOSTS.';
    await reply.code(403).send({ error: { code: 'forbidden', message } });
  });
}

async function problemsOf(checks: Readonly<Record<string, Check>>): Promise<Record<string, string>> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return [name, await inTime(async () => check())] as const;
      } catch (error) {
        return [name, (error as Error).message] as const;
      }
    }),
  );
  return Object.fromEntries(found.filter(([, problem]) => problem !== undefined)) as Record<string, string>;
}

function answer(
  reply: { code(status: number): unknown },
  problems: Record<string, string>,
): { ok: boolean; problems?: Record<string, string> } {
  const ok = Object.keys(problems).length === 0;
  reply.code(ok ? 200 : 503);
  return ok ? { ok } : { ok, problems };
}

/** Resolves with the result of `work`, or rejects after the time limit. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(CHECK_TIMEOUT_MS, undefined, { signal: timer.signal }).then((): never => {
    throw new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work(), late]);
  } finally {
    timer.abort();
  }
}
