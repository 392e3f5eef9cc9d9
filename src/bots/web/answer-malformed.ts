import type { Socket } from 'node:net';
import { ABORTED_MESSAGE, countRefusal, refusalFor, WebRefusal } from './refusals.ts';

/**
 * HTTP statuses of requests that Node.js itself rejects, by error code; any other error is not an HTTP
 * request.
 */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Connections that this server closed although a request on them may still be waiting for its body. */
const closed = new WeakSet<Socket>();

/** Whether the aborted request on this connection was already refused and counted. */
export function wasRefused(socket: Socket): boolean {
  return closed.has(socket);
}

/**
 * Answers malformed or late requests in the same format as all refusals, and closes the connection at once:
 * the client may never close it.
 */
export function answerMalformed(error: { code?: string }, socket: Socket): void {
  // Browsers open spare connections and leave some unused.
  if (error.code === 'ECONNRESET' || socket.bytesRead === 0 || !socket.writable) return void socket.destroy();
  const refusal =
    error.code === 'HPE_INVALID_EOF_STATE'
      ? refusalFor(new WebRefusal(400, 'aborted', ABORTED_MESSAGE))
      : refusalFor({ statusCode: STATUS_BY_CODE[error.code ?? ''] ?? 400 });
  countRefusal(refusal);
  closed.add(socket);
  const body = JSON.stringify({ error: refusal.error });
  const head = `HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.destroySoon();
}
