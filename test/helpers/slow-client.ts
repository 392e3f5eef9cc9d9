/** Clients that send slowly, or leave before they are done. */
import { connect, type Socket } from 'node:net';

/** Time-outs short enough for a test. */
export const SHORT_TIMEOUTS = { headersMs: 1_000, requestMs: 1_500, keepAliveMs: 300, checkMs: 50 };

export interface SlowClient {
  readonly socket: Socket;
  /** The data received until the server closed the connection. */
  readonly answer: Promise<string>;
}

/** Sends `start`, and then one space every 20 ms for as long as the connection is open. */
export function trickle(url: string, start: string): SlowClient {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const timer = setInterval(() => socket.writable && socket.write(' '), 20);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const answer = new Promise<string>((resolve) => {
    socket.on('close', () => {
      clearInterval(timer);
      resolve(text);
    });
  });
  if (start) socket.write(start);
  return { socket, answer };
}

/** The beginning of a POST with an endless body. */
export function unfinishedPost(path: string, headers: readonly string[] = []): string {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers];
  return `${lines.join('\r\n')}\r\nContent-Length: 50000\r\n\r\n{`;
}
