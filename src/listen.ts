/** Ports that this program listens on: whether one is available, and the error when it is not. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { StoryError } from './errors.ts';

/** Where one of this program's servers listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Name of the setting that chooses the port. */
  readonly setting: string;
}

/** The error for a failed listen, which says what to do; undefined for an error of another kind. */
export function listenError(cause: unknown, { host, port, setting }: Place): StoryError | undefined {
  const { code } = cause as NodeJS.ErrnoException;
  const sentence = {
    EADDRINUSE:
      `Something else already uses port ${port} of ${host}. Stop it (it may be this program, started before), or set ` +
      `${setting} to another port.`,
    EACCES: `This user may not open port ${port} of ${host}. Set ${setting} to a port above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose one of its own for port ${port}.`,
    ENOTFOUND: `This machine has no address ${host}. Choose one of its own for port ${port}.`,
  }[code ?? ''];
  return sentence === undefined ? undefined : new StoryError('configuration', sentence, { cause });
}

/**
 * Listens briefly, to find out whether a server could.
 *
 * @throws StoryError `configuration` that says why it could not
 */
export async function tryPort(place: Place): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host: place.host, port: place.port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, place) ?? error;
  }
  server.close();
  await once(server, 'close');
}
