import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/**
 * Logs one line per request: method, route pattern, status, duration. Never the URL itself, the body or an
 * error's message, because each of them may hold a prompt (`JSON.parse` quotes what it could not read).
 */
export function logRequests(app: FastifyInstance, logger: Logger): void {
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
export function logDefect(logger: Logger, route: string | undefined, error: unknown): void {
  const { name, code, stack } = (error ?? {}) as { name?: string; code?: unknown; stack?: unknown };
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  logger.error({ route, kind: name, code, at: frames.map((line) => line.trim()) }, 'request failed');
}
