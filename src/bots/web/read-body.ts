import type { Readable } from 'node:stream';
import { ABORTED_MESSAGE, WebRefusal } from './refusals.ts';

/** The most bytes in a request body: a prompt and a context of 2,000 characters each, escaped. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * How much of a too large request is read and discarded. A client that is still sending when it is answered
 * usually sees a broken connection instead of the answer.
 */
const DRAIN_LIMIT_BYTES = 32 * 1024 * 1024;
const DRAIN_LIMIT_MS = 5_000;

/** The status that nginx logs; it is never sent, because the client is gone. */
const ABORTED_STATUS = 499;

/**
 * Reads a request's body as text.
 *
 * @throws WebRefusal `too_large`, once the client can receive it; `aborted` when the client leaves before the
 *   end
 */
export async function readBody(payload: Readable, limitBytes = BODY_LIMIT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let drainUntilMs = Number.POSITIVE_INFINITY;
  try {
    for await (const chunk of payload as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= limitBytes) {
        chunks.push(chunk);
        continue;
      }
      chunks.length = 0;
      drainUntilMs = Math.min(drainUntilMs, Date.now() + DRAIN_LIMIT_MS);
      if (bytes > DRAIN_LIMIT_BYTES || Date.now() > drainUntilMs) break;
    }
  } catch {
    // A request ends early only when its connection does.
    throw new WebRefusal(ABORTED_STATUS, 'aborted', ABORTED_MESSAGE);
  }
  if (bytes > limitBytes) {
    const limit = `${Math.floor(limitBytes / 1024)} kB`;
    throw new WebRefusal(
      413,
      'too_large',
      `This request is larger than ${limit}. Shorten the prompt and send it again.`,
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}
