/**
 * The routes of shared stories: the page, its cover, and for the page's own visitors making and deleting it. A reply's
 * id, which only its visitor's browser knows, permits to delete what was made of it.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { StoryError } from '../../errors.ts';
import { shareReads } from '../../metrics.ts';
import type { Shares } from '../../queue/shares.ts';
import { missingPage, sharePage } from '../../share/page.ts';
import { SHARE_BOUNDS, wholeText } from '../../share/share.ts';
import { SHARE_STYLE } from '../../share/style.ts';
import type { ModelChoice } from '../../story/story.ts';
import { storyTitle } from '../../story/title.ts';
import { endOf } from '../../story/variations.ts';
import { CoverPictures } from '../covers.ts';
import { shareReplies } from '../share-story.ts';
import { replyId } from './api.ts';
import type { WebReplies } from './replies.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Pages and covers that one client may read in a minute: many for a reader, few for guessing addresses. */
const READS_PER_MINUTE = 120;
const SHARES_PER_HOUR = 30;

/** No script, no frame, no form, and nothing from another host. */
const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(SHARE_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What shared stories need. */
export interface ShareOptions {
  readonly shares: Shares;
  /** The address of the page, with a slash at its end. */
  readonly base: string;
  readonly models: readonly ModelChoice[];
  readonly replies: Pick<WebReplies, 'read'>;
}

type WithId = FastifyRequest<{ Params: { id: string } }>;

/** Adds the routes. */
export function addShares(app: FastifyInstance, { shares, base, models, replies }: ShareOptions): void {
  const pictures = new CoverPictures();
  const reads = { config: { rateLimit: { max: READS_PER_MINUTE, timeWindow: MINUTE_MS } } };
  const writes = { config: { rateLimit: { max: SHARES_PER_HOUR, timeWindow: HOUR_MS } } };
  const replyOf = (id: string) => ({ platform: 'web', replyId: replyId(id) });

  app.get('/s/:id', reads, async (request: WithId, reply) => {
    const { id } = request.params;
    const share = await shares.read(id);
    shareReads.inc({ what: share ? 'page' : 'unknown' });
    if (!share) return sendPage(request, reply.code(404), missingPage());
    if (!share.isListed) reply.header('x-robots-tag', 'noindex, nofollow');
    return sendPage(request, reply, sharePage(share, { id, base, models }));
  });

  app.get('/s/:id/cover.png', reads, async (request: WithId, reply) => {
    const share = await shares.read(request.params.id);
    shareReads.inc({ what: share ? 'cover' : 'unknown' });
    reply.header('cache-control', 'no-store').header('content-security-policy', POLICY);
    if (!share) return reply.code(404).type('text/plain; charset=utf-8').send('There is no story here.\n');
    if (!share.isListed) reply.header('x-robots-tag', 'noindex, nofollow');
    // Chats show the picture on their own pages.
    reply.header('cross-origin-resource-policy', 'cross-origin');
    const png = await pictures.of(storyTitle(wholeText(share)), share.parts[0]!.settings.seed);
    return reply.type('image/png').send(png);
  });

  app.get('/api/shares/:id', reads, async (request: WithId) => {
    const share = await shares.read(request.params.id);
    shareReads.inc({ what: share ? 'text' : 'unknown' });
    if (!share) throw unknownShare();
    const text = wholeText(share);
    return { title: storyTitle(text), context: endOf(text), settings: share.parts.at(-1)!.settings };
  });

  app.post('/api/replies/:id/share', writes, async (request: WithId, reply) => {
    const { platform, replyId: last } = replyOf(request.params.id);
    const { before = [] } = Object(request.body) as { before?: unknown };
    if (!Array.isArray(before) || before.length >= SHARE_BOUNDS.parts) {
      throw new StoryError('bad_request', 'Send the ids of the parts before as a list.');
    }
    const replyIds = [...before.map((id) => replyId(String(id))), last];
    const id = await shareReplies(shares, { platform, replyIds, read: (one) => replies.read(one) });
    const isListed = (await shares.read(id))?.isListed === true;
    return reply.code(201).send({ id, address: `${base}s/${id}`, isListed });
  });

  app.post('/api/replies/:id/share/list', writes, async (request: WithId, reply) => {
    const { isListed } = Object(request.body) as { isListed?: unknown };
    if (!(await shares.list(replyOf(request.params.id), isListed === true))) throw unknownShare();
    return reply.send({ isListed: isListed === true });
  });

  app.post('/api/replies/:id/unshare', async (request: WithId, reply) => {
    await shares.unshare(replyOf(request.params.id));
    return reply.send({});
  });
}

/** Sends a page, compressed where the client accepts that. No cache may keep it: a deletion holds at once. */
function sendPage(request: FastifyRequest, reply: FastifyReply, html: string): FastifyReply {
  reply
    .header('content-security-policy', POLICY)
    .header('cache-control', 'no-store')
    .header('vary', 'accept-encoding')
    .type('text/html; charset=utf-8');
  const accepts = String(request.headers['accept-encoding'] ?? '');
  if (!/\bgzip\b(?!;q=0)/.test(accepts)) return reply.send(html);
  return reply.header('content-encoding', 'gzip').send(gzipSync(html));
}

function unknownShare(): StoryError {
  return new StoryError('not_found', 'There is no shared story here (any more).');
}
