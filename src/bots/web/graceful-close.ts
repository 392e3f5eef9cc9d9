import type { FastifyInstance } from 'fastify';

/**
 * Lets responses in progress finish before the server closes, for at most `graceMs`. The server then needs
 * the option `forceCloseConnections`: browsers keep idle connections open, and a plain close waits a minute
 * for those.
 */
export function closeGracefully(app: FastifyInstance, graceMs: number, endStreams: () => void): void {
  let underWay = 0;
  let onIdle = () => {};
  app.addHook('onRequest', async (_request, reply) => {
    underWay++;
    // Not `onResponse`: Fastify does not call it for a client that disconnected.
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
