/** The digest of a week: the best of what a channel has written, posted by the queue. */
import type { Worker } from 'bullmq';
import type { QueueConnection } from '../../queue/connection.ts';
import { outlast } from '../../queue/outage.ts';
import { highlightsOf } from '../../story/shelf.ts';
import type { ChatAdapter } from '../adapter.ts';
import type { PromptChannels } from '../channel-settings.ts';
import type { ChatContext } from '../chat-context.ts';
import type { Clock } from '../cooldowns.ts';
import { type DigestJob, digestQueueOf, presentWeek } from './digest-schedule.ts';
import { digestTime, WEEK_MS } from './digest-week.ts';
import { digestText } from './wording.ts';

/** How often it is checked that every channel with digests has a next one. */
const LOOK_INTERVAL_MS = 10 * 60_000;

export class Digests<Handle = unknown> {
  readonly #channels: PromptChannels;
  readonly #adapter: Pick<ChatAdapter<Handle>, 'platform' | 'shelfSurface' | 'presenceIn' | 'isClosed'>;
  readonly #chat: Pick<ChatContext<Handle>, 'shelf' | 'shelfOf' | 'blocks' | 'logger'>;
  readonly #clock: Clock;

  /** @param clock milliseconds since 1970 */
  constructor(
    channels: PromptChannels,
    adapter: Pick<ChatAdapter<Handle>, 'platform' | 'shelfSurface' | 'presenceIn' | 'isClosed'>,
    chat: Pick<ChatContext<Handle>, 'shelf' | 'shelfOf' | 'blocks' | 'logger'>,
    clock: Clock,
  ) {
    this.#channels = channels;
    this.#adapter = adapter;
    this.#chat = chat;
    this.#clock = clock;
  }

  /** Posts digests from this process until the returned function is called. */
  work(connection: QueueConnection): () => Promise<void> {
    const worker: Worker<DigestJob, void> = connection.worker(
      digestQueueOf(this.#adapter.platform),
      async (job, token) => {
        // A process that was paused, and has lost the job to another one, must not post.
        const confirm = async () => {
          const isMine = await outlast(() => job.extendLock(token!, worker.opts.lockDuration!));
          if (!isMine) throw new Error('another process has taken the digest over');
        };
        await this.#take(job.data, confirm);
      },
      { concurrency: 10 },
    );
    worker.on('failed', (job, error) => {
      const { logger } = this.#chat;
      logger.warn(
        { channel: job?.data.channelId, reason: error.message },
        'a digest could not be posted yet',
      );
    });
    const look = () => void this.planAll();
    look();
    const timer = setInterval(look, LOOK_INTERVAL_MS);
    return async () => {
      clearInterval(timer);
      await worker.close();
    };
  }

  /** Schedules the next digest of every channel that has digests. Never rejects. */
  async planAll(): Promise<void> {
    try {
      for (const { channelId, digest } of await this.#channels.all()) {
        if (digest) await this.#channels.digests.plan(channelId, digest.hour);
      }
    } catch (error) {
      // The queue is unavailable; the next check repeats this.
      this.#chat.logger.warn({ reason: (error as Error).message }, 'digests were not scheduled');
    }
  }

  async #take({ channelId, hour }: DigestJob, confirm: () => Promise<void>): Promise<void> {
    const channel = await outlast(() => this.#channels.read(channelId));
    if (channel?.digest?.hour !== hour) return;
    await this.post(channelId, confirm);
    const next = presentWeek(this.#clock(), hour) + 1;
    await outlast(() => this.#channels.digests.plan(channelId, hour, next));
  }

  /**
   * Posts the digest that is due in a channel, unless it is posted already.
   *
   * @param confirm called before the post; rejects when another process is to post it
   */
  async post(channelId: string, confirm: () => Promise<void>): Promise<void> {
    const { blocks, shelf, logger } = this.#chat;
    const { platform, shelfSurface } = this.#adapter;
    const channel = await outlast(() => this.#channels.read(channelId));
    if (!channel?.digest || blocks.find(this.#adapter.presenceIn(channel))) return;
    if (await this.#adapter.isClosed?.(channel)) return;
    const week = presentWeek(this.#clock(), channel.digest.hour);
    const earlier = await outlast(() => shelf.digestOf(channelId, week));
    if (earlier?.isOver) return;
    const to = digestTime(week, channel.digest.hour);
    const mine = this.#chat.shelfOf(channelId, channel.community ?? '');
    const works = await outlast(() =>
      mine.works(({ finishedAt }) => finishedAt >= to - WEEK_MS && finishedAt < to),
    );
    const best = highlightsOf(works);
    if (best) {
      const links = new Map<string, string>();
      for (const part of [best.opening, best.line, best.fork]) {
        const link = part && (await mine.linkTo(part.work));
        if (link) links.set(part.work.id, link);
      }
      const begun = await outlast(() => shelf.beginDigest(channelId, week));
      await confirm();
      const text = digestText(best, works.length, links, platform);
      const isPosted = await shelfSurface.post(
        channelId,
        `digest-${week}`,
        text,
        earlier ? begun : undefined,
      );
      logger.info({ channel: channelId, works: works.length, isPosted }, 'digest');
    }
    await outlast(() => shelf.endDigest(channelId, week));
  }
}
