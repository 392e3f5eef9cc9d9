/** A proxy between a process and its Redis, with the two kinds of network failure. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './programs.ts';

/**
 * `reset`: connections break and new ones are refused. `silence`: no data arrives, and neither side is told.
 */
export type Cut = 'reset' | 'silence';

export interface Way {
  readonly port: number;
  cut(how: Cut): Promise<void>;
  /**
   * New connections work again. Those from before a silence stay dead, as after a router that forgot them.
   */
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts forwarding to a port of this machine. */
export async function startProxy(target: number): Promise<Way> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let isSilent = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const open = async (): Promise<Server> => {
    const server = createServer((near) => {
      keep(near);
      if (isSilent) return;
      const far = connect(target, '127.0.0.1');
      keep(far);
      near.pipe(far);
      far.pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  };
  const close = async (server: Server | undefined) => {
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  let server: Server | undefined = await open();
  return {
    port,
    async cut(how) {
      if (how === 'reset') {
        await close(server);
        server = undefined;
        return;
      }
      isSilent = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async mend() {
      isSilent = false;
      server ??= await open();
    },
    stop: () => close(server),
  };
}
