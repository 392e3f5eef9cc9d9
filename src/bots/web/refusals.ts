/**
 * The one place where an error becomes an HTTP response: a status, a stable code and a sentence. Any unknown
 * error is a defect of the server, and the client receives no details.
 */
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { type ErrorCode, StoryError, sentenceFor } from '../../errors.ts';
import { refusals } from '../../metrics.ts';

/** Codes of refusals that only HTTP has, in addition to those that all platforms share. */
type WebErrorCode =
  | ErrorCode
  | 'too_large'
  | 'forbidden'
  | 'timeout' // the request took too long to arrive
  | 'aborted'; // the client left before its request was complete

/** A request that this server refuses before it submits a story. Its message is meant for the user. */
export class WebRefusal extends Error {
  readonly code: WebErrorCode;
  readonly status: number;

  constructor(status: number, code: WebErrorCode, message: string) {
    super(message);
    this.name = 'WebRefusal';
    this.status = status;
    this.code = code;
  }
}

/** For a client that only half closed its connection; other clients cannot receive it. */
export const ABORTED_MESSAGE = 'The connection ended before the request was complete. Send it again.';

/** An error as the server sends it. */
export interface Refusal {
  readonly status: number;
  readonly error: { readonly code: WebErrorCode; readonly message: string };
}

const STATUS_BY_CODE: Record<ErrorCode, number> = {
  bad_request: 400,
  declined: 422,
  blocked: 403,
  model_unavailable: 400,
  not_found: 404,
  busy: 503,
  rate_limited: 429,
  queue_unavailable: 503,
  chat_unavailable: 503,
  no_progress: 500,
  configuration: 500,
  internal: 500,
};

/** Seconds after which a browser may retry when too many stories wait. */
const BUSY_RETRY_SECONDS = 10;

/** Sentences for Fastify's own refusals; Fastify's messages are meant for developers. */
const SENTENCE_BY_STATUS: Record<number, string> = {
  400: 'This request cannot be read. Send it as JSON, for example {"prompt": "It all began with"}.',
  404: 'Nothing exists at this address. The page is at /.',
  408: 'This request took too long to arrive. Send it again.',
  413: 'This request is too large. Shorten the prompt and send it again.',
  414: 'This address is too long. Shorten it and try again.',
  415: 'Send the request as JSON, with the content type application/json.',
  431: 'The headers of this request are too large. Clear the cookies of this address and try again.',
};

const CODE_BY_STATUS: Record<number, WebErrorCode> = { 404: 'not_found', 408: 'timeout', 413: 'too_large' };

/** Turns any error thrown while answering into the client's response. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof WebRefusal) {
    return { status: error.status, error: { code: error.code, message: error.message } };
  }
  if (error instanceof StoryError) {
    return { status: STATUS_BY_CODE[error.code], error: sentenceFor(error) };
  }
  const status = clientErrorStatus(error);
  if (status === undefined) return { status: 500, error: sentenceFor(error) };
  const code = CODE_BY_STATUS[status] ?? 'bad_request';
  return { status, error: { code, message: SENTENCE_BY_STATUS[status] ?? SENTENCE_BY_STATUS[400]! } };
}

/** Sends a refusal. The rate limiter sets the `Retry-After` header of its 429. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  refusals.inc({ code: refusal.error.code });
  if (refusal.status === 503) reply.header('retry-after', String(BUSY_RETRY_SECONDS));
  return reply
    .code(refusal.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send({ error: refusal.error });
}

/** The 4xx status of an error from Fastify itself, if it has one. */
function clientErrorStatus(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/**
 * HTTP statuses of requests that Node.js itself rejects, by error code; any other error is not an HTTP
 * request.
 */
const STATUS_BY_NODE_CODE: Readonly<Record<string, number>> = {
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
      : refusalFor({ statusCode: STATUS_BY_NODE_CODE[error.code ?? ''] ?? 400 });
  refusals.inc({ code: refusal.error.code });
  closed.add(socket);
  const body = JSON.stringify({ error: refusal.error });
  const head = `HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  socket.destroySoon();
}
