import type { FastifyInstance } from 'fastify';

/**
 * Lets the answers that are under way finish before the server closes, but not for longer than `graceMs`.
 * The server is then made with `forceCloseConnections`: browsers keep connections open on which they have
 * asked nothing yet, and a plain close waits a minute for those.
 */
export function closeGracefully(app: FastifyInstance, graceMs: number, endStreams: () => void): void {
  let underWay = 0;
  let onIdle = () => {};
  app.addHook('onRequest', async (_request, reply) => {
    underWay++;
    // Not `onResponse`: Fastify has no such moment for a client that went away.
    reply.raw.once('close', () => {
      underWay--;
      if (underWay === 0) onIdle();
    });
  });
  app.addHook('preClose', async () => {
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve;
    });
    endStreams();
    if (underWay === 0) return;
    const grace = setTimeout(onIdle, graceMs);
    await idle;
    clearTimeout(grace);
  });
}
