/**
 * What an operator's machines and the operator ask a process, on a port of its own, apart from people: whether
 * it lives (`/healthz`), whether to send it work (`/readyz`), its figures (`/metrics`), and the queue (`/board`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { Queue } from 'bullmq';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { hostGuard } from '../http/guard-host.ts';
import { HTTP_TIMEOUTS, type HttpTimeouts, serverTimeouts } from '../http/timeouts.ts';
import { listenError } from '../listen.ts';
import { registry } from '../metrics.ts';

/** A question whose answer is a problem in words, or nothing. */
export type Check = () => Promise<string | undefined> | string | undefined;

export interface OperatorOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Further names that this port answers to, as they stand in a Host header, without port. */
  readonly allowedHosts?: readonly string[];
  readonly timeouts?: HttpTimeouts;
  /** What makes a process one that only a restart can help. */
  readonly alive: Readonly<Record<string, Check>>;
  /** What has to hold before a process is sent work. */
  readonly ready: Readonly<Record<string, Check>>;
  /** What is told beside that, and is no reason to send work elsewhere. */
  readonly trouble: Readonly<Record<string, Check>>;
  /** Guards the queues' board; undefined for no board. */
  readonly boardPassword: string | undefined;
  readonly logger: Logger;
}

export interface OperatorServer {
  readonly url: string;
  /** Puts queues on the board: they are opened later than it is. */
  showQueues(queues: readonly Queue[]): void;
  close(): Promise<void>;
}

/** A check that has no answer after this time has failed: probes themselves wait about as long. */
const CHECK_TIMEOUT_MS = 1_000;

/**
 * Starts answering.
 *
 * @throws StoryError `configuration` when the port cannot be listened at
 */
export async function startOperatorServer(options: OperatorOptions): Promise<OperatorServer> {
  const { host, port, boardPassword, logger } = options;
  const timeouts = serverTimeouts(options.timeouts ?? HTTP_TIMEOUTS);
  const app = fastify({
    forceCloseConnections: true,
    http: timeouts,
    requestTimeout: timeouts.requestTimeout,
    keepAliveTimeout: timeouts.keepAliveTimeout,
  });
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
  let showQueues = (_queues: readonly Queue[]) => {};
  try {
    if (boardPassword !== undefined) {
      // Its page is a large one: whoever has no board does not even load it.
      const { addBoard } = await import('./board.ts');
      showQueues = await addBoard(app, boardPassword, logger);
    }
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(error, { host, port, setting: 'SCIFI_OPERATOR_PORT' }) ?? error;
  }
  const url = `http://${host}:${(app.server.address() as { port: number }).port}`;
  logger.info({ url, board: boardPassword !== undefined }, 'operator server ready');
  return { url, showQueues, close: () => app.close() };
}

/** The headers of the page's server, of which the board's page needs some less strict. */
const SECURITY_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // The board puts the widths of its bars into style attributes.
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

/** Probes come by address; every other name could be one that a hostile site points here. */
async function guard(app: FastifyInstance, { host, allowedHosts = [] }: OperatorOptions): Promise<void> {
  const answersTo = hostGuard(host, allowedHosts);
  await app.register(helmet, SECURITY_HEADERS);
  app.addHook('onRequest', async (request, reply) => {
    if (answersTo(request.headers.host)) return;
    const message =
      'This port does not answer to that name. Use its address, or add the name to SCIFI_OPERATOR_ALLOWED_HOSTS.';
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

/** What `work` resolves with, or a rejection when that takes too long. */
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
