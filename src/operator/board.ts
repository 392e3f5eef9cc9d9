/** The queues as a page behind a password: waiting, active and failed jobs, and a way to retry them. */
import { timingSafeEqual } from 'node:crypto';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import basicAuth from '@fastify/basic-auth';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { clientNetwork } from '../http/address.ts';

/** The user name that the browser asks for with the password. */
const OPERATOR = 'operator';
const PATH = '/board';

/** Wrong passwords that one address may send in ten minutes; after that the right one is refused as well. */
const WRONG_PASSWORDS = 10;
const WRONG_PASSWORDS_WINDOW_SECONDS = 600;

/** Adds the board. Returns a function that adds queues to it. */
export async function addBoard(
  app: FastifyInstance,
  password: string,
  logger: Logger,
): Promise<(queues: readonly Queue[]) => void> {
  const wrong = new RateLimiterMemory({ points: WRONG_PASSWORDS, duration: WRONG_PASSWORDS_WINDOW_SECONDS });
  await app.register(basicAuth, {
    authenticate: { realm: 'Write Me A Sci-Fi' },
    validate: async (name, given, request, reply) => {
      const client = clientNetwork(request.ip);
      const isRight = equal(name, OPERATOR) && equal(given, password);
      // Counted in the same event-loop task as the comparison, so that parallel requests cannot bypass the
      // limit.
      const counted = await (isRight ? wrong.get(client) : wrong.penalty(client));
      const count = counted?.consumedPoints ?? 0;
      if (count > WRONG_PASSWORDS) {
        if (!isRight && count === WRONG_PASSWORDS + 1) logger.warn('too many wrong passwords for the board');
        const seconds = Math.ceil((counted?.msBeforeNext ?? 0) / 1_000);
        reply.header('retry-after', String(seconds));
        const message = `Too many wrong passwords from this address. Try again in ${seconds} seconds.`;
        throw Object.assign(new Error(message), { statusCode: 429 });
      }
      if (!isRight) throw new Error('Wrong name or password.');
    },
  });
  const server = new FastifyAdapter();
  server.setBasePath(PATH);
  const { setQueues } = createBullBoard({ queues: [], serverAdapter: server });
  await app.register(async (guarded) => {
    guarded.addHook('onRequest', app.basicAuth);
    await guarded.register(server.registerPlugin(), { prefix: PATH });
  });
  return (queues) => setQueues(queues.map(adapterOf));
}

function adapterOf(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue);
  // An operator repairs the queue; users' prompts and stories stay hidden.
  for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, withoutText);
  return adapter;
}

/** Fields that hold a user's text or a text for a user. */
const TEXTS: ReadonlySet<string> = new Set(['prompt', 'context', 'text', 'token', 'responseUrl', 'message']);

/** A job's value in which every text is replaced by its length. */
export function withoutText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      TEXTS.has(name) && typeof inner === 'string'
        ? [name, `(${inner.length} characters)`]
        : [name, withoutText(inner)],
    ),
  );
}

/** Compares in constant time. */
function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
