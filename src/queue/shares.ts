/**
 * Shared stories, kept with the queue: a share is a job of a queue without a worker, the same on Redis and embedded.
 *
 * The address of a share is a hash of its reply's id under a random key that only the store has, so that sharing a
 * reply twice, or again after a crash, gives one address, which cannot be guessed.
 *
 * A share is a page once it is confirmed. It is stored in this order: its entry of the index, the share, a look whether
 * its replies are still kept, the confirmation. A reply is deleted in this order: its record, then the shares in whose
 * entries it is. So a deletion at the same time is seen by that look, or removes the share, and a process that is killed
 * between any two steps leaves no page of a deleted reply.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Job, Queue } from 'bullmq';
import { StoryError } from '../errors.ts';
import { SHARE_BOUNDS, type Share, type SharedPart, wholeText } from '../share/share.ts';
import type { QueueConnection } from './connection.ts';
import { atOnce } from './job-queue.ts';

const UNREACHABLE = 'Shared stories cannot be reached at the moment. Try again in a minute.';
const KEY_BYTES = 32;
const KEY_JOB = 'address-key';
const ID_PREFIX = 's';
/** 160 bits. */
const ID_LENGTH = 27;
const PAGE = 500;

/** The form of a share's id. */
export const SHARE_ID = /^[\w-]{27}$/;

/** A reply, which is shared with the replies that it continues. */
export interface SharedReply {
  readonly platform: string;
  readonly replyId: string;
}

interface IndexEntry {
  /** The replies in the share, as `nameOf` gives them. */
  readonly replies: readonly string[];
  /** The user who shared it, as limits name requesters; undefined for a user of the page. */
  readonly owner?: string;
  /** Whether the operator has taken the page down; the entry has neither replies nor an owner then. */
  readonly isTakenDown?: boolean;
}

/** A share as it is stored. */
interface StoredShare extends Share {
  /** Whether it is not a page yet: its process was killed, or is at work. */
  readonly isUnconfirmed?: true;
}

/** What a share is made from. */
export interface NewShare {
  readonly reply: SharedReply;
  /** The ids of the replies in it, `reply` among them. */
  readonly replyIds: readonly string[];
  readonly parts: readonly SharedPart[];
  readonly owner?: string | undefined;
  /** Whether the reply is still kept: a deletion at the same time wins. */
  readonly isKept: () => Promise<boolean>;
}

export const SHARES_QUEUE = 'shares';

export class Shares {
  readonly name = SHARES_QUEUE;
  readonly #shares: Queue<StoredShare, never>;
  readonly #index: Queue<IndexEntry, never>;
  readonly #keys: Queue<{ readonly key: string }, never>;
  readonly #clock: () => number;
  #key: Buffer | undefined;

  /** @param clock milliseconds since 1970 */
  constructor(connection: QueueConnection, clock: () => number = Date.now) {
    this.#shares = connection.queue(this.name);
    this.#index = connection.queue('share-index');
    this.#keys = connection.queue('share-keys');
    this.#clock = clock;
  }

  async ready(): Promise<void> {
    await Promise.all([this.#shares, this.#index, this.#keys].map((queue) => queue.waitUntilReady()));
  }

  /**
   * Keeps a story. Idempotent for a reply.
   *
   * @returns the id in the address of its page
   * @throws StoryError `bad_request` for a story that is too long, `declined` for one that was taken down, `busy` when
   *   too many are kept, `not_found` for a reply that was deleted meanwhile
   */
  async create({ reply, replyIds, parts, owner, isKept }: NewShare): Promise<string> {
    const length = wholeText({ parts }).length;
    if (parts.length > SHARE_BOUNDS.parts || length > SHARE_BOUNDS.characters) {
      throw new StoryError('bad_request', 'This story is too long to be shared as one page.');
    }
    const id = await atOnce(this.#idOf(reply), UNREACHABLE);
    if (await this.read(id)) return id;
    if (await this.#isTakenDown(id)) {
      throw new StoryError('declined', 'The operator of this bot has taken the page of this story down.');
    }
    if ((await atOnce(this.#index.getWaitingCount(), UNREACHABLE)) >= SHARE_BOUNDS.pages) {
      throw new StoryError('busy', 'Too many shared stories are kept here at the moment. Try again later.');
    }
    const replies = replyIds.map((replyId) => nameOf({ platform: reply.platform, replyId }));
    const entry: IndexEntry = { replies, ...(owner ? { owner } : {}) };
    const share: Share = { parts, sharedAt: this.#clock(), isListed: false };
    // A killed process may have left both; the story may have had other parts then.
    const indexed = await atOnce(this.#add(this.#index, id, entry), UNREACHABLE);
    await atOnce(indexed.updateData(entry), UNREACHABLE);
    await atOnce(this.#add(this.#shares, id, { ...share, isUnconfirmed: true as const }), UNREACHABLE);
    const confirm = (stored: StoredShare) => (stored.isUnconfirmed ? share : stored);
    const isConfirmed = (await isKept()) && (await this.#update(id, confirm));
    if (isConfirmed) return id;
    await this.#remove(id);
    throw new StoryError('not_found', 'This story was deleted.');
  }

  /** A share; undefined when there is none of this id (any more). Nothing is cached: a deletion holds at once. */
  async read(id: string): Promise<Share | undefined> {
    if (!SHARE_ID.test(id)) return undefined;
    const share = (await atOnce(this.#shares.getJob(ID_PREFIX + id), UNREACHABLE))?.data;
    return share?.isUnconfirmed ? undefined : share;
  }

  /** The id of a reply's share; undefined when it is not shared. */
  async find(reply: SharedReply): Promise<string | undefined> {
    const id = await atOnce(this.#idOf(reply), UNREACHABLE);
    return (await this.read(id)) && id;
  }

  /** Allows or forbids search engines to list a reply's page; false when the reply is not shared. */
  async list(reply: SharedReply, isListed: boolean): Promise<boolean> {
    const id = await atOnce(this.#idOf(reply), UNREACHABLE);
    return (await this.read(id)) !== undefined && this.#update(id, (share) => ({ ...share, isListed }));
  }

  /** Removes the page of one reply. Pages of its continuations stay. Idempotent. */
  async unshare(reply: SharedReply): Promise<void> {
    await this.#remove(await atOnce(this.#idOf(reply), UNREACHABLE));
  }

  /** Removes every page with a reply that is deleted, of its continuations too. Idempotent. */
  async deleteShare(reply: SharedReply): Promise<void> {
    const name = nameOf(reply);
    await this.unshare(reply);
    await this.#removeWhere(({ replies }) => replies.includes(name));
  }

  /**
   * Takes a page down for the operator, so that its reply is not shared again; false when there is no page (any
   * more).
   */
  async takeDown(id: string): Promise<boolean> {
    if (!(await this.read(id))) return false;
    await atOnce(this.#shares.remove(ID_PREFIX + id), UNREACHABLE);
    const entry = await atOnce(this.#index.getJob(ID_PREFIX + id), UNREACHABLE);
    if (entry) await atOnce(entry.updateData({ replies: [], isTakenDown: true }), UNREACHABLE);
    return true;
  }

  /** Every share with its id, the newest first. */
  async *all(): AsyncGenerator<readonly [id: string, share: Share]> {
    for await (const { id, data } of pagesOf(this.#shares)) {
      if (!data.isUnconfirmed) yield [id!.slice(ID_PREFIX.length), data];
    }
  }

  /** Removes every page of a user. */
  async forgetOwner(owner: string): Promise<void> {
    await this.#removeWhere((entry) => entry.owner === owner);
  }

  /** Removes pages that were shared longer than `ageMs` ago. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#shares.clean(ageMs, 0, 'wait');
    await this.#index.clean(ageMs, 0, 'wait');
  }

  /** Jobs by state: the pages are those that wait. */
  count(): Promise<Record<string, number>> {
    return this.#shares.getJobCounts();
  }

  async close(): Promise<void> {
    await Promise.all([this.#shares, this.#index, this.#keys].map((queue) => queue.close()));
  }

  async #removeWhere(matches: (entry: IndexEntry) => boolean): Promise<void> {
    const ids: string[] = [];
    for await (const { id, data } of pagesOf(this.#index)) {
      if (matches(data)) ids.push(id!.slice(ID_PREFIX.length));
    }
    for (const id of ids) await this.#remove(id);
  }

  /** The share goes first: an entry without a share does no harm, a share without an entry could not be found. */
  async #remove(id: string): Promise<void> {
    await atOnce(this.#shares.remove(ID_PREFIX + id), UNREACHABLE);
    if (!(await this.#isTakenDown(id))) await atOnce(this.#index.remove(ID_PREFIX + id), UNREACHABLE);
  }

  async #isTakenDown(id: string): Promise<boolean> {
    return (await atOnce(this.#index.getJob(ID_PREFIX + id), UNREACHABLE))?.data.isTakenDown === true;
  }

  /** Adding a job whose id exists changes nothing. */
  async #add<Data>(queue: Queue<Data, never>, id: string, data: Data): Promise<Job<Data, never>> {
    const job: unknown = await queue.add('share' as never, data as never, { jobId: ID_PREFIX + id });
    return job as Job<Data, never>;
  }

  /** Changes a stored share; false when there is none (any more). */
  async #update(id: string, change: (share: StoredShare) => StoredShare): Promise<boolean> {
    const job = await atOnce(this.#shares.getJob(ID_PREFIX + id), UNREACHABLE);
    if (!job) return false;
    try {
      await atOnce(job.updateData(change(job.data)), UNREACHABLE);
      return true;
    } catch (error) {
      // It was removed meanwhile.
      if (!(await atOnce(this.#shares.getJob(ID_PREFIX + id), UNREACHABLE))) return false;
      throw error;
    }
  }

  async #idOf(reply: SharedReply): Promise<string> {
    this.#key ??= await this.#readKey();
    return createHmac('sha256', this.#key).update(nameOf(reply)).digest('base64url').slice(0, ID_LENGTH);
  }

  /** The first process that adds the key determines it. */
  async #readKey(): Promise<Buffer> {
    const mine = { key: randomBytes(KEY_BYTES).toString('hex') };
    await this.#keys.add('key' as never, mine as never, { jobId: KEY_JOB });
    const job = await this.#keys.getJob(KEY_JOB);
    if (!job) throw new Error('The key of addresses could not be stored');
    return Buffer.from(job.data.key, 'hex');
  }
}

/** The jobs of a queue, read in pages. */
async function* pagesOf<Data>(queue: Queue<Data, never>): AsyncGenerator<Job<Data, never>> {
  for (let from = 0; ; from += PAGE) {
    const jobs = await atOnce(queue.getJobs(['wait'], from, from + PAGE - 1), UNREACHABLE);
    // A job that is removed during the read is missing in the middle.
    for (const job of jobs) if (job) yield job as Job<Data, never>;
    if (jobs.length === 0) break;
  }
}

function nameOf({ platform, replyId }: SharedReply): string {
  return `${platform}-${replyId}`;
}
