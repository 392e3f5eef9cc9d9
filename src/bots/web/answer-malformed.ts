import type { Socket } from 'node:net';
import { ABORTED_MESSAGE, countRefusal, refusalFor, WebRefusal } from './refusals.ts';

/** Statuses of what Node.js refuses by itself, by its errors' codes; everything else is no HTTP request. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Connections that were closed here although a request on them may still be waiting for its body. */
const closed = new WeakSet<Socket>();

/** Whether what broke off on this connection was refused, and counted, already. */
export function wasRefused(socket: Socket): boolean {
  return closed.has(socket);
}

/**
 * Answers what never became a request, or not in time, in the same shape as everything else, and closes the
 * connection at once: its other end may never do so.
 */
export function answerMalformed(error: { code?: string }, socket: Socket): void {
  // Browsers open connections that they may need, and leave some unused.
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
