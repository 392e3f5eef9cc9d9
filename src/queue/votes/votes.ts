/**
 * The votes of one platform. A vote has one job on `votes-<platform>`, which waits in the queue until the open round
 * ends, so that any process ends it on time; a new ballot, or the host, wakes it earlier. The job's lock lets one
 * process at a time edit the messages.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, type Queue, type Worker } from 'bullmq';
import type { Logger } from 'pino';
import { StoryError } from '../../errors.ts';
import { beginVote, endRoundAt, endVote, type VoteTerms } from '../../story/vote.ts';
import type { Limits, LookUp } from '../admission/limits.ts';
import { sentences } from '../admission/settings.ts';
import type { Group, Requester } from '../admission/store.ts';
import type { QueueConnection } from '../connection.ts';
import { HandedOverError, JobLocks } from '../job-locks.ts';
import { atOnce } from '../job-queue.ts';
import { outlast } from '../outage.ts';
import type { Replies } from '../replies.ts';
import type { Stories } from '../stories.ts';
import { isUnfinished, type VoteRecord, VoteRecords } from './records.ts';
import { driveVote, type VoteBoard } from './rounds.ts';

/** Attempts at an edit that a platform refuses for the moment, over about an hour. */
const ATTEMPTS = 13;
const FIRST_RETRY_DELAY_MS = 500;
const CONCURRENCY = 200;
/** Votes under way in one channel, and in one community. */
const AT_ONCE = { channel: 1, community: 10 } as const;
/** A vote that is unknown after this time never reached the queue: its process was lost before. */
const ARRIVAL_MS = 10_000;
/** Attempts to wake a job that is active: it reads new ballots itself, unless it is just about to wait. */
const WAKE_ATTEMPTS = 40;
const WAKE_INTERVAL_MS = 250;
const SALT_BYTES = 32;
/** Replaces a user's id that is forgotten. */
const FORGOTTEN_HOST = '0';

const CHANNEL_BUSY =
  'There is a vote in this channel already. The next can start when it is over; its host and moderators can end it.';
const COMMUNITY_BUSY = `There are ${AT_ONCE.community} votes here already. Try again when one of them is over.`;

/** The beginning of a vote's id, which no reply's id has. */
export const VOTE_ID = 'vote-';

/** A user's wish for a vote. */
export interface NewVote<Address> {
  readonly terms: VoteTerms;
  readonly requester: Requester;
  /** The host, in the platform's terms. */
  readonly hostId: string;
  readonly channelId: string;
  readonly address: Address;
}

interface VoteJobData {
  readonly voteId: string;
}

export interface VotesOptions {
  readonly connection: QueueConnection;
  readonly platform: string;
  readonly stories: Stories;
  readonly limits: Pick<Limits, 'admit' | 'underWay'>;
  /** Gives a lease back, and wakes the requester's next reply. */
  readonly replies: Pick<Replies<unknown>, 'giveBack'>;
  readonly logger: Logger;
}

export class Votes<Address> {
  readonly name: string;
  readonly #options: VotesOptions;
  readonly #queue: Queue<VoteJobData, void>;
  readonly #records: Promise<VoteRecords<Address>>;
  /** Votes that are being woken. */
  readonly #waking = new Set<string>();
  readonly #closed = new AbortController();
  #worker: Worker<VoteJobData, void> | undefined;
  #locks: JobLocks | undefined;

  constructor(options: VotesOptions) {
    const { connection, platform } = options;
    this.name = `votes-${platform}`;
    this.#options = options;
    this.#queue = connection.queue(this.name, {
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: FIRST_RETRY_DELAY_MS },
        removeOnComplete: true,
      },
    });
    this.#records = outlast(() => connection.votes()).then((store) => new VoteRecords(store, platform));
    this.#records.catch(() => {});
  }

  async ready(): Promise<void> {
    await Promise.all([this.#queue.waitUntilReady(), this.#records]);
  }

  /**
   * Starts a vote, as one story of its host. Idempotent for an id.
   *
   * @param id begins with `VOTE_ID`
   * @throws StoryError with a sentence when the host, the channel or the community may have no vote now
   */
  async start(id: string, { terms, requester, hostId, channelId, address }: NewVote<Address>): Promise<void> {
    const { platform, limits } = this.#options;
    const records = await this.#records;
    if (await atOnce(records.read(id), sentences.unavailable)) return this.#add(id);
    const groups: Group[] = [
      { keys: [`votes of channel ${platform} ${channelId}`], most: AT_ONCE.channel },
      ...(requester.community
        ? [{ keys: [`votes of ${requester.community}`], most: AT_ONCE.community }]
        : []),
    ];
    await this.#takePlace(id, groups);
    const keys = groups.flatMap((group) => group.keys);
    try {
      const admission = await limits.admit(id, requester, this.lookUp);
      const record: VoteRecord<Address> = {
        vote: beginVote(terms),
        hostId,
        address,
        lease: admission?.lease,
        groups: keys,
        salt: randomBytes(SALT_BYTES).toString('base64url'),
        messages: [],
      };
      try {
        await atOnce(records.add(id, record), sentences.unavailable);
        await this.#add(id);
      } catch (error) {
        await admission?.undo().catch(() => {});
        throw error;
      }
    } catch (error) {
      await limits.underWay.leave(id, keys).catch(() => {});
      throw error;
    }
  }

  /**
   * Counts a user's vote, in place of an earlier one in the same round.
   *
   * @param person as limits name requesters
   * @returns false when the round is over
   */
  async cast(id: string, round: number, person: string, choice: number): Promise<boolean> {
    const isCounted = await atOnce(
      (await this.#records).cast(id, round, person, choice),
      sentences.unavailable,
    );
    if (isCounted) void this.#wake(id);
    return isCounted;
  }

  /** Ends an open round now; false when it is over. */
  async closeRound(id: string, round: number): Promise<boolean> {
    const record = await this.#change(id, ({ record, now }) => {
      const { vote } = record;
      if (vote.phase !== 'open' || vote.round !== round) return record;
      return { ...record, vote: endRoundAt(vote, now) };
    });
    const isClosed = record?.vote.phase === 'open' && record.vote.round === round;
    if (isClosed) void this.#wake(id);
    return isClosed;
  }

  /** Ends a vote: the votes in its open round still count. False when it is over. */
  async end(id: string): Promise<boolean> {
    let isUnderWay = false;
    await this.#change(id, ({ record, now }) => {
      const { vote } = record;
      isUnderWay = vote.phase !== 'over';
      if (vote.phase === 'writing') return { ...record, vote: endVote(vote, 'ended') };
      if (vote.phase === 'over') return record;
      return { ...record, vote: { ...endRoundAt(vote, now), isLast: true } };
    });
    if (isUnderWay) void this.#wake(id);
    return isUnderWay;
  }

  /** Deletes a vote with its messages; false when it is not kept (any more). */
  async delete(id: string): Promise<boolean> {
    const record = await this.#change(id, ({ record }) => ({ ...record, isDeleted: true }));
    if (!record) return false;
    await this.#add(id);
    void this.#wake(id);
    return true;
  }

  /**
   * Removes a user from all votes that are kept: the votes of this user are over, and ballots in open rounds are
   * withdrawn.
   *
   * @param isHost whether the user has started a vote
   * @param person as limits name requesters
   */
  async forget(isHost: (record: VoteRecord<Address>) => boolean, person: string): Promise<void> {
    const records = await this.#records;
    for (const id of await records.list(Number.MAX_SAFE_INTEGER)) {
      const stored = await records.read(id);
      if (!stored) continue;
      await records.withdraw(id, stored.record, person);
      if (!isHost(stored.record)) continue;
      if (!(await this.end(id))) await records.remove(id);
      await records.update(id, ({ record }) => ({ ...record, hostId: FORGOTTEN_HOST, isForgotten: true }));
    }
  }

  /** Whether a vote is known, and whether it is over. */
  readonly lookUp: LookUp = async (id) => {
    if (!id.startsWith(VOTE_ID)) return 'unknown';
    const stored = await (await this.#records).read(id);
    if (!stored) return 'unknown';
    if (stored.record.vote.phase === 'over') return 'ended';
    const state = await this.#queue.getJobState(id);
    return state === 'unknown' || state === 'failed' || state === 'completed' ? 'ended' : 'under way';
  };

  /** Lets this process drive votes. */
  work(board: VoteBoard<Address>): void {
    const process = (job: Job<VoteJobData, void>, token?: string) => this.#process(job, token!, board);
    this.#worker = this.#options.connection.worker(this.name, process, { concurrency: CONCURRENCY });
    this.#locks = new JobLocks(this.#worker);
    this.#worker.on('failed', (job, error) => {
      if (!job) return;
      const { logger } = this.#options;
      logger.warn({ vote: job.data.voteId, reason: error.message }, 'a vote could not be shown yet');
      if (job.finishedOn !== undefined) void this.#giveUp(job.data.voteId).catch(() => {});
    });
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts();
  }

  /** Removes votes that were over longer than `ageMs` ago, and takes those up whose process was lost at a bad moment. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#queue.clean(ageMs, 0, 'failed');
    const records = await this.#records;
    for (const id of await records.list(Date.now() - ARRIVAL_MS)) await this.#restore(id);
    for (const id of await records.list(Date.now() - ageMs)) {
      if ((await this.lookUp(id)) === 'ended') await records.remove(id);
    }
  }

  /** Takes no more votes, hands those under way back to the queue, and ends. */
  async close(): Promise<void> {
    this.#closed.abort();
    const closing = this.#worker?.close();
    this.#locks?.handOver();
    await closing?.finally(() => this.#locks?.close());
    await this.#queue.close();
  }

  /** Takes a place among the votes of the channel and of the community. */
  async #takePlace(id: string, groups: readonly Group[]): Promise<void> {
    const { underWay } = this.#options.limits;
    const take = () => atOnce(underWay.take(id, groups), sentences.unavailable);
    let taken = await take();
    // A vote that was lost is removed from each group that it fills.
    for (let tried = 0; isFull(taken) && tried < groups.length; tried++) {
      await atOnce(this.#removeLost(groups[taken.full]!), sentences.unavailable);
      taken = await take();
    }
    if (isFull(taken)) throw new StoryError('busy', taken.full === 0 ? CHANNEL_BUSY : COMMUNITY_BUSY);
  }

  async #removeLost({ keys }: Group): Promise<void> {
    const { underWay } = this.#options.limits;
    for (const { id, ageMs } of await underWay.list(keys)) {
      const state = await this.lookUp(id);
      if (state === 'ended' || (state === 'unknown' && ageMs >= ARRIVAL_MS)) await underWay.leave(id, keys);
    }
  }

  /** Adds the job of a vote; one that exists stays, and one that was given up is tried again. */
  async #add(id: string): Promise<void> {
    const add = async () => {
      const job = await this.#queue.add('vote' as never, { voteId: id } as never, { jobId: id });
      if (await job.isFailed()) await job.retry('failed');
    };
    await atOnce(add(), sentences.unavailable);
  }

  /** Adds the job of a vote that has none and needs one. */
  async #restore(id: string): Promise<void> {
    const stored = await (await this.#records).read(id);
    if (!stored || !isUnfinished(stored.record)) return;
    if ((await this.#queue.getJobState(id)) === 'unknown') await this.#add(id);
  }

  async #change(id: string, change: Parameters<VoteRecords<Address>['update']>[1]) {
    return atOnce((await this.#records).update(id, change), sentences.unavailable);
  }

  /** Makes a waiting job go on now. One that is active reads the record itself, before it waits. */
  async #wake(id: string): Promise<void> {
    if (this.#waking.has(id)) return;
    this.#waking.add(id);
    const { signal } = this.#closed;
    try {
      for (let attempt = 0; attempt < WAKE_ATTEMPTS && !signal.aborted; attempt++) {
        const job = await this.#queue.getJob(id);
        // It ended just before the record was changed.
        if (!job) return await this.#restore(id);
        if (await job.isDelayed()) {
          // A ballot that arrives from now on wakes the job again.
          this.#waking.delete(id);
          return await job.promote();
        }
        await sleep(WAKE_INTERVAL_MS, undefined, { signal });
      }
    } catch {
      // Another process has woken it, or the queue cannot be reached: the round ends on time nevertheless.
    } finally {
      this.#waking.delete(id);
    }
  }

  async #process(job: Job<VoteJobData, void>, token: string, board: VoteBoard<Address>): Promise<void> {
    const { voteId: id } = job.data;
    const { platform, stories, limits, replies, logger } = this.#options;
    const lock = await this.#locks!.take(job, token);
    const { signal } = lock.abort;
    let waitMs: number | undefined;
    try {
      waitMs = await driveVote({
        id,
        storyPrefix: `${platform}-${id}`,
        records: await this.#records,
        stories,
        board: {
          show: async (...shown) => {
            await outlast(() => this.#locks!.confirm(lock), signal);
            return board.show(...shown);
          },
          remove: (address, messages) => board.remove(address, messages),
        },
        giveBack: (lease) => replies.giveBack(id, lease),
        leave: ({ groups }) => outlast(() => limits.underWay.leave(id, groups), signal),
        logger,
        signal,
      });
      if (waitMs !== undefined) await outlast(() => job.moveToDelayed(Date.now() + waitMs!, token), signal);
    } catch (error) {
      if (signal.reason instanceof HandedOverError) return await this.#locks!.handBack(lock);
      throw error;
    } finally {
      lock.end();
    }
    if (waitMs !== undefined) throw new DelayedError();
  }

  /** Ends a vote whose end could not be shown in all attempts. */
  async #giveUp(id: string): Promise<void> {
    const { limits, replies } = this.#options;
    const record = await (await this.#records).update(id, ({ record: latest }) => ({
      ...latest,
      vote: endVote(latest.vote, 'failed'),
      isEndShown: true,
    }));
    if (!record) return;
    if (record.lease) await replies.giveBack(id, record.lease);
    await limits.underWay.leave(id, record.groups);
  }
}

function isFull(taken: unknown): taken is { readonly full: number } {
  return typeof taken === 'object' && taken !== null && 'full' in taken;
}
