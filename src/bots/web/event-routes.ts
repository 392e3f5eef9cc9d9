import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { StoryError } from '../../errors.ts';
import { clientNetwork } from '../../http/address.ts';
import { addressOf } from './client.ts';
import { replyId, unknownReply } from './reply-id.ts';
import { SnapshotStream, type SnapshotStreamOptions } from './snapshot-stream.ts';
import type { WebReplies } from './web-replies.ts';

/** Most replies in one stream: the unfinished replies of all windows of one browser. */
const MAX_REPLIES = 16;

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
      throw new StoryError('busy', 'Too many people are reading along. The story goes on; look again soon.');
    }
    const client = clientNetwork(addressOf(request));
    const own = [...streams.values()].filter((other) => other === client);
    if (own.length >= maxFollowersPerClient) {
      throw new StoryError(
        'rate_limited',
        'Too many stories are read along from your address. Close some of them, or look again soon.',
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
      const wanted = typeof ids === 'string' ? [...new Set(ids.split(',').map(replyId))] : [];
      if (wanted.length === 0 || wanted.length > MAX_REPLIES) {
        throw new StoryError(
          'bad_request',
          `Name one to ${MAX_REPLIES} replies: ?ids= and their ids, with commas.`,
        );
      }
      return stream(request, reply, wanted, (id, state) => ({ id, state: state ?? null }), false);
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
