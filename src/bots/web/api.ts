import type { FastifyInstance, FastifyRequest } from 'fastify';
import { StoryError } from '../../errors.ts';
import type { Requester } from '../../queue/admission/requester.ts';
import { type ModelChoice, STORY_BOUNDS, type StoryRequest } from '../../story/story.ts';
import { addressOf } from './client.ts';
import { isReplyId, replyId, unknownReply } from './reply-id.ts';
import type { WebReplies } from './web-replies.ts';

/** The dependencies of the routes. */
export interface ApiOptions {
  readonly replies: WebReplies;
  readonly models: readonly ModelChoice[];
  readonly parseRequest: (input: unknown) => StoryRequest;
  /** The requester behind a client's address; undefined for a client whose stories are not counted. */
  readonly clientAt: (address: string) => Requester | undefined;
  /** The rate limiter's settings for the route that submits stories. */
  readonly storyLimit: { readonly max: number; readonly timeWindow: number };
}

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Adds the JSON routes below `/api`. */
export function addApi(app: FastifyInstance, options: ApiOptions): void {
  const { replies, models, parseRequest } = options;

  app.addHook('onSend', async (request, reply) => {
    const isUndecided = !reply.hasHeader('cache-control');
    if (isUndecided && request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
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
    if (!isReplyId(id)) {
      throw new StoryError('bad_request', 'The reply needs an id: a UUID that the client made for it.');
    }
    const key = id.toLowerCase();
    const story = parseRequest(input);
    await replies.submit(key, story, options.clientAt(addressOf(request)));
    // A repeated submission returns the first one's request, random seed included.
    const known = await replies.read(key);
    return reply.code(202).send({ id: key, request: known?.request ?? story });
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
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new StoryError('bad_request', 'Send the request as a JSON object with a prompt and an id.');
}
