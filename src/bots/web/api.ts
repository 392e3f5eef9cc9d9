import type { FastifyInstance, FastifyRequest } from 'fastify';
import { StoryError } from '../../errors.ts';
import { clientNetwork } from '../../http/address.ts';
import type { Asker } from '../../queue/limits/asker.ts';
import { type ModelChoice, STORY_BOUNDS, type StoryRequest } from '../../story.ts';
import { addressOf } from './client.ts';
import { SnapshotStream } from './snapshot-stream.ts';
import type { WebReplies } from './web-replies.ts';

/** What the routes need to know. */
export interface ApiOptions {
  readonly replies: WebReplies;
  readonly models: readonly ModelChoice[];
  readonly parseRequest: (input: unknown) => StoryRequest;
  /** Who a client is, by its address; undefined for somebody whose stories are not counted. */
  readonly clientAt: (address: string) => Asker | undefined;
  /** Event streams at once: over all clients, and of one. */
  readonly maxFollowers: number;
  readonly maxFollowersPerClient: number;
  readonly keepAliveMs: number;
  /** The limiter's settings for the route that starts stories. */
  readonly storyLimit: { readonly max: number; readonly timeWindow: number };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
type WithId = FastifyRequest<{ Params: { id: string } }>;

/** What the server does to the event streams when it closes. */
export interface OpenStreams {
  /** Ends every stream after the newest state. */
  finishStreams(): void;
  /** Cuts off those whose client does not take even that. */
  cutStreams(): void;
}

/** Adds the JSON routes below `/api`. */
export function addApi(app: FastifyInstance, options: ApiOptions): OpenStreams {
  const { replies, models, parseRequest } = options;
  const followers = new Map<SnapshotStream, string>();

  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });

  app.get('/api/options', () => ({
    models,
    bounds: STORY_BOUNDS,
    defaults: {
      temperature: STORY_BOUNDS.temperature.default,
      length: STORY_BOUNDS.length.default,
      model: models[0]?.name,
    },
  }));

  app.get('/api/status', () => replies.status());

  app.post('/api/replies', { config: { rateLimit: options.storyLimit } }, async (request, reply) => {
    const { id, ...input } = objectOf(request.body);
    if (typeof id !== 'string' || !UUID.test(id)) {
      throw new StoryError('bad_request', 'The reply needs an id: a UUID that the client made for it.');
    }
    const key = id.toLowerCase();
    const story = parseRequest(input);
    await replies.submit(key, story, options.clientAt(addressOf(request)));
    // The second of two equal submissions is told what the first one started, random seed included.
    const known = await replies.read(key);
    return reply.code(202).send({ id: key, request: known?.request ?? story });
  });

  app.get('/api/replies/:id', async (request: WithId) => {
    const id = idOf(request);
    const known = await replies.read(id);
    if (known === undefined) throw unknownReply();
    return { id, request: known.request, state: known.state };
  });

  app.post('/api/replies/:id/stop', async (request: WithId, reply) => {
    const id = idOf(request);
    if (!(await replies.stop(id))) throw unknownReply();
    return reply.code(202).send({ id });
  });

  app.get('/api/replies/:id/events', { exposeHeadRoute: false }, async (request: WithId, reply) => {
    const id = idOf(request);
    if (followers.size >= options.maxFollowers) {
      throw new StoryError('busy', 'Too many people are reading along. The story goes on; look again soon.');
    }
    const client = clientNetwork(addressOf(request));
    const own = [...followers.values()].filter((other) => other === client);
    if (own.length >= options.maxFollowersPerClient) {
      throw new StoryError(
        'rate_limited',
        'Too many stories are read along from your address. Close some of them, or look again soon.',
      );
    }
    const stream = new SnapshotStream(options.keepAliveMs);
    followers.set(stream, client);
    stream.once('close', () => followers.delete(stream));
    try {
      const unfollow = await replies.follow(id, (state) => stream.offer(state));
      if (unfollow === undefined) throw unknownReply();
      stream.onEnd(unfollow);
    } catch (error) {
      stream.destroy();
      throw error;
    }
    return reply
      .type('text/event-stream; charset=utf-8')
      .header('x-accel-buffering', 'no') // nginx would collect the events otherwise
      .send(stream);
  });

  return {
    finishStreams: () => {
      for (const stream of followers.keys()) stream.finish();
    },
    cutStreams: () => {
      for (const stream of followers.keys()) stream.destroy();
    },
  };
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new StoryError('bad_request', 'Send the request as a JSON object with a prompt and an id.');
}

function idOf(request: WithId): string {
  const { id } = request.params;
  if (!UUID.test(id)) throw unknownReply();
  return id.toLowerCase();
}

function unknownReply(): StoryError {
  return new StoryError('not_found', 'This story is not known here (any more). Ask for a new one.');
}
