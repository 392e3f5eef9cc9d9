import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { StoryError } from '../../errors.ts';
import { clientNetwork } from '../../http/address.ts';
import { MAX_REPLIES } from '../../page/backend/events.ts';
import type { Requester } from '../../queue/admission/store.ts';
import { alternatives, CHOICES } from '../../story/continuations.ts';
import { VERDICTS, type Verdict } from '../../story/feedback.ts';
import {
  DEFAULT_PRESET,
  type ModelChoice,
  PRESETS,
  STORY_BOUNDS,
  type StoryRequest,
} from '../../story/story.ts';
import type { WebReplies } from './replies.ts';
import { addressOf } from './request.ts';
import { SnapshotStream, type SnapshotStreamOptions } from './snapshot-stream.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The dependencies of the routes. */
export interface ApiOptions {
  readonly replies: WebReplies;
  readonly models: readonly ModelChoice[];
  readonly parseRequest: (input: unknown) => StoryRequest;
  /** The requester behind a client's address; undefined for a client whose stories are not counted. */
  readonly clientAt: (address: string) => Requester | undefined;
  /** Whether stories can be shared. */
  readonly sharesStories: boolean;
  /** The rate limiter's settings for the routes that submit stories. */
  readonly storyLimit: { readonly max: number; readonly timeWindow: number };
}

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Adds the JSON routes below `/api`. */
export function addApi(app: FastifyInstance, options: ApiOptions): void {
  const { replies, models, parseRequest, sharesStories } = options;

  app.addHook('onSend', async (request, reply) => {
    const isUndecided = !reply.hasHeader('cache-control');
    if (isUndecided && request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  app.get('/api/options', () => ({
    models,
    presets: PRESETS,
    sharesStories,
    bounds: STORY_BOUNDS,
    defaults: {
      preset: DEFAULT_PRESET,
      temperature: STORY_BOUNDS.temperature.default,
      length: STORY_BOUNDS.length.default,
      model: models[0]?.name,
    },
  }));

  app.get('/api/status', () => replies.status());

  // The routes that submit stories count together.
  const storyLimit = { config: { rateLimit: false }, onRequest: app.rateLimit(options.storyLimit) } as const;

  app.post('/api/replies', storyLimit, async (request, reply) => {
    const { id, ...input } = objectOf(request.body);
    if (!isReplyId(id)) {
      throw new StoryError('bad_request', 'The reply needs an id: a UUID that the client generates.');
    }
    const key = id.toLowerCase();
    const story = parseRequest(input);
    await replies.submit(key, story, options.clientAt(addressOf(request)));
    // A repeated submission returns the first one's request, random seed included.
    const known = await replies.read(key);
    return reply.code(202).send({ id: key, request: known?.request ?? story });
  });

  app.post('/api/choices', storyLimit, async (request, reply) => {
    const { ids, ...input } = objectOf(request.body);
    if (
      !Array.isArray(ids) ||
      ids.length !== CHOICES ||
      new Set(ids).size !== CHOICES ||
      !ids.every(isReplyId)
    ) {
      throw new StoryError(
        'bad_request',
        `The choices need ${CHOICES} ids: UUIDs that the client generates.`,
      );
    }
    const requests = alternatives(parseRequest({ ...input, brief: true }));
    const offered = ids.map((id, index) => ({ id: id.toLowerCase(), request: requests[index]! }));
    await replies.offer(offered, options.clientAt(addressOf(request)));
    const known = await Promise.all(offered.map(({ id }) => replies.read(id)));
    return reply.code(202).send({
      requests: offered.map(({ request: sent }, index) => known[index]?.request ?? sent),
    });
  });

  app.get('/api/replies/:id', async (request: WithId) => {
    const id = replyId(request.params.id);
    const known = await replies.read(id);
    if (known === undefined) throw unknownReply();
    return { id, request: known.request, state: known.state };
  });

  app.post('/api/replies/:id/stop', async (request: WithId, reply) => {
    const id = replyId(request.params.id);
    if (!(await replies.stop(id))) throw unknownReply();
    return reply.code(202).send({ id });
  });

  app.post('/api/replies/:id/feedback', async (request: WithId) => {
    const id = replyId(request.params.id);
    const { verdict = null } = objectOf(request.body) as { verdict?: Verdict | null };
    if (verdict !== null && !VERDICTS.includes(verdict)) {
      throw new StoryError('bad_request', 'Send a verdict: "liked", "disliked", or null to take it back.');
    }
    return { id, verdict: (await replies.rate(id, verdict ?? undefined)) ?? null };
  });

  // An unknown reply is removed already.
  app.post('/api/replies/:id/delete', async (request: WithId, reply) => {
    const id = replyId(request.params.id);
    await replies.remove(id);
    return reply.code(202).send({ id });
  });
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new StoryError('bad_request', 'Send the request as a JSON object with a prompt and an id.');
}

/** The dependencies of the routes. */
export interface EventOptions {
  readonly replies: Pick<WebReplies, 'follow'>;
  /** Most streams at once: of all clients, and of one. */
  readonly maxFollowers: number;
  readonly maxFollowersPerClient: number;
  readonly keepAliveMs: number;
}

/** How the server ends the event streams when it closes. */
export interface OpenStreams {
  /** Ends every stream after the newest state. */
  finishStreams(): void;
  /** Destroys the streams whose client does not take that state. */
  cutStreams(): void;
}

/** Adds the event streams: of one reply, and of several over one connection. */
export function addEventRoutes(app: FastifyInstance, options: EventOptions): OpenStreams {
  const { replies, maxFollowers, maxFollowersPerClient, keepAliveMs } = options;
  /** Every open stream, and its client. */
  const streams = new Map<SnapshotStream, string>();

  /** Answers with a stream; an unknown reply is reported by a message, or with `isStrict` by a refusal. */
  async function stream(
    request: FastifyRequest,
    reply: FastifyReply,
    ids: readonly string[],
    message: SnapshotStreamOptions['message'],
    isStrict: boolean,
  ): Promise<FastifyReply> {
    if (streams.size >= maxFollowers) {
      throw new StoryError(
        'busy',
        'Too many pages follow a story right now. The story is still being written; reload this page soon.',
      );
    }
    const client = clientNetwork(addressOf(request));
    const sameClient = [...streams.values()].filter((other) => other === client);
    if (sameClient.length >= maxFollowersPerClient) {
      throw new StoryError(
        'rate_limited',
        'Too many pages at your address follow a story. Close some of them, or reload this page soon.',
      );
    }
    const events = new SnapshotStream({ ids, message, keepAliveMs });
    streams.set(events, client);
    events.once('close', () => streams.delete(events));
    const unfollows: (() => void)[] = [];
    events.onEnd(() => {
      for (const unfollow of unfollows) unfollow();
    });
    const follow = async (id: string) => {
      const unfollow = await replies.follow(id, (state) => events.offer(id, state));
      if (unfollow === undefined) {
        if (isStrict) throw unknownReply();
        events.offer(id, undefined);
      } else if (events.destroyed) unfollow();
      else unfollows.push(unfollow);
    };
    try {
      await Promise.all(ids.map(follow));
    } catch (error) {
      events.destroy();
      throw error;
    }
    return reply
      .type('text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store, no-transform') // a compressing proxy would buffer the events
      .header('x-accel-buffering', 'no') // for nginx and proxies that adopted its header
      .send(events);
  }

  app.get<{ Params: { id: string } }>(
    '/api/replies/:id/events',
    { exposeHeadRoute: false },
    (request, reply) => stream(request, reply, [replyId(request.params.id)], (_id, state) => state, true),
  );

  app.get<{ Querystring: { ids?: unknown } }>(
    '/api/events',
    { exposeHeadRoute: false },
    async (request, reply) => {
      const { ids } = request.query;
      const unique = typeof ids === 'string' ? [...new Set(ids.split(',').map(replyId))] : [];
      if (unique.length === 0 || unique.length > MAX_REPLIES) {
        throw new StoryError(
          'bad_request',
          `Give the ids of one to ${MAX_REPLIES} replies, separated by commas: ?ids=ID,ID.`,
        );
      }
      return stream(request, reply, unique, (id, state) => ({ id, state: state ?? null }), false);
    },
  );

  return {
    finishStreams: () => {
      for (const events of streams.keys()) events.finish();
    },
    cutStreams: () => {
      for (const events of streams.keys()) events.destroy();
    },
  };
}

/** Whether a value is a valid client-chosen id of a reply. */
function isReplyId(id: unknown): id is string {
  return typeof id === 'string' && UUID.test(id);
}

/**
 * The id in the queue's format.
 *
 * @throws StoryError `not_found` for an invalid id
 */
export function replyId(text: string): string {
  if (!isReplyId(text)) throw unknownReply();
  return text.toLowerCase();
}

function unknownReply(): StoryError {
  return new StoryError('not_found', 'This story does not exist (any more). Ask for a new one.');
}
