import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/**
 * Logs one line a request: method, route pattern, status, duration. Never the address itself, the body or an
 * error's message, because a prompt may stand in any of them (`JSON.parse` quotes what it could not read).
 */
export function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    // Pages ask for the status every few seconds; what succeeds and changes nothing is no news.
    const quiet = reply.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD');
    logger[quiet ? 'debug' : 'info'](line, 'request');
  });
}

/** Logs a defect by its kind and place only. */
export function logDefect(logger: Logger, route: string | undefined, error: unknown): void {
  const { name, code, stack } = (error ?? {}) as { name?: string; code?: unknown; stack?: unknown };
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  logger.error({ route, kind: name, code, at: frames.map((line) => line.trim()) }, 'request failed');
}
