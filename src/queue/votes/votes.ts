/**
 * The votes of one platform. Each has a record, and a job (`../records/jobs.ts`) that takes the steps which follow from it
 * (`rounds.ts`).
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { ReplyState, StoryCredits, StoryRequest } from '../../story/story.ts';
import { beginVote, endVote, type NextReply, type VoteTerms } from '../../story/vote.ts';
import type { Limits, LookUp } from '../admission/limits.ts';
import type { Group, Lease, Requester } from '../admission/store.ts';
import type { QueueConnection } from '../connection.ts';
import { outlast } from '../outage.ts';
import { type Hold, RecordJobs } from '../records/jobs.ts';
import { ARRIVAL_MS, placesTogether } from '../records/places.ts';
import { type Held, start } from '../records/start.ts';
import type { Replies } from '../replies.ts';
import { type Shelf, withoutCredit } from '../shelf/shelf.ts';
import type { Stories } from '../stories.ts';
import { endedAt, VoteChanges } from './changes.ts';
import { isUnfinished, type VoteRecord, VoteRecords } from './records.ts';
import { driveVote, type VoteBoard } from './rounds.ts';

const SALT_BYTES = 32;
/** Replaces a user's id that is forgotten. */
const FORGOTTEN_HOST = '0';

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

/** The reply that goes on in the messages of a vote, under its id. */
export interface HandedOver<Address> {
  readonly request: StoryRequest;
  readonly state: ReplyState;
  readonly credits?: StoryCredits;
  readonly address: Address;
  /** The user whose reply it is, in the platform's terms. */
  readonly hostId: string;
  readonly messages: readonly string[];
  /** What the reply gives back at its end. */
  readonly lease?: Lease | undefined;
}

export interface VotesOptions<Address> {
  readonly connection: QueueConnection;
  readonly platform: string;
  readonly stories: Stories;
  readonly limits: Pick<Limits, 'admit' | 'admissibility' | 'underWay' | 'together'>;
  /** Gives a lease back, and wakes the requester's next reply; looks up what else the requester has under way. */
  readonly replies: Pick<Replies<unknown>, 'giveBack' | 'lookUp'>;
  /** Stores a reply; idempotent. */
  readonly handOver: (id: string, reply: HandedOver<Address>) => Promise<void>;
  /** Where finished stories are kept. */
  readonly shelf: Shelf<Address>;
  /** An address without what is of no use after the end; by default all of it is. */
  readonly lasting?: (address: Address) => Address;
  readonly logger: Logger;
}

export class Votes<Address> {
  readonly name: string;
  readonly #options: VotesOptions<Address>;
  readonly #jobs: RecordJobs;
  readonly #records: Promise<VoteRecords<Address>>;
  /** What users do in votes. */
  readonly changes: VoteChanges<Address>;

  constructor(options: VotesOptions<Address>) {
    const { connection, platform, logger } = options;
    this.name = `votes-${platform}`;
    this.#options = options;
    const isDriven = async (id: string) => {
      const stored = await (await this.#records).read(id);
      return stored !== undefined && isUnfinished(stored.record);
    };
    this.#jobs = new RecordJobs(connection, this.name, isDriven, logger);
    this.#records = outlast(() => connection.votes()).then((store) => new VoteRecords(store, platform));
    this.#records.catch(() => {});
    this.changes = new VoteChanges(this.#records, this.#jobs);
  }

  async ready(): Promise<void> {
    await Promise.all([this.#jobs.ready(), this.#records]);
  }

  /**
   * Starts a vote, as one story of its host. Idempotent for an id.
   *
   * @param id begins with `VOTE_ID`
   * @throws StoryError with a sentence when the host, the channel or the community may have no vote now
   */
  async start(id: string, wish: NewVote<Address>): Promise<void> {
    const { requester, channelId, terms } = wish;
    const { platform, limits, replies } = this.#options;
    const { community } = requester;
    await start(id, {
      requester,
      // Openings are one user's, and take no place of the channel's.
      places:
        terms.kind === 'openings'
          ? []
          : placesTogether('vote', { platform, channelId, community }, limits.together),
      limits,
      lookUp: this.lookUp,
      lookUpStory: replies.lookUp,
      records: await this.#records,
      jobs: this.#jobs,
      recordOf: (held) => newRecord(wish, held),
    });
  }

  /** Removes the record of a vote whose reply is removed. Idempotent. */
  async remove(id: string): Promise<void> {
    if (id.startsWith(VOTE_ID)) await (await this.#records).remove(id);
  }

  /**
   * Removes a user from all votes that are kept: the votes of this user end and are removed, and ballots in open rounds
   * are withdrawn.
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
      await records.update(id, ({ record }) => withoutCredit(record, person));
      if (!isHost(stored.record)) continue;
      const record = await records.update(id, ({ record, now }) => ({
        ...record,
        vote: endedAt(record.vote, now),
        hostId: FORGOTTEN_HOST,
        isForgotten: true,
      }));
      if (record && isUnfinished(record)) void this.#jobs.wake(id);
      else await records.remove(id);
    }
  }

  /** Whether a vote is known, and whether it is over. One that has lost its job is taken up again, and so under way. */
  readonly lookUp: LookUp = async (id) => {
    if (!id.startsWith(VOTE_ID)) return 'unknown';
    const stored = await (await this.#records).read(id);
    if (!stored) return 'unknown';
    const { vote, isHandedOver, isEndShown } = stored.record;
    // An opening that is about to be written on is under way.
    const isOver = vote.phase === 'over' && (!isHandedOver || isEndShown);
    return isOver || (await this.#jobs.hasFailed(id)) ? 'ended' : 'under way';
  };

  /** Lets this process drive votes. */
  work(board: VoteBoard<Address>): void {
    this.#jobs.work({
      drive: async (id, hold) => this.#drive(id, hold, board, await this.#records),
      giveUp: (id) => this.#giveUp(id),
    });
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#jobs.count();
  }

  /** Removes votes that were over longer than `ageMs` ago, and takes those up whose process was lost at a bad moment. */
  async removeOlderThan(ageMs: number): Promise<void> {
    const records = await this.#records;
    for (const id of await records.list(Date.now() - ARRIVAL_MS)) await this.#jobs.restore(id);
    await this.#jobs.removeOlderThan(ageMs);
    for (const id of await records.list(Date.now() - ageMs)) {
      if ((await this.lookUp(id)) === 'ended') await records.remove(id);
    }
  }

  /** Takes no more votes, hands those under way back to the queue, and ends. */
  close(): Promise<void> {
    return this.#jobs.close();
  }

  #drive(
    id: string,
    hold: Hold,
    board: VoteBoard<Address>,
    records: VoteRecords<Address>,
  ): Promise<number | undefined> {
    const {
      platform,
      stories,
      limits,
      replies,
      logger,
      shelf,
      lasting = (address) => address,
    } = this.#options;
    const { signal } = hold;
    return driveVote({
      id,
      storyPrefix: `${platform}-${id}`,
      records,
      stories,
      shelf,
      lasting,
      board: {
        show: async (...shown) => {
          await hold.confirm();
          return board.show(...shown);
        },
        remove: (address, messages) => board.remove(address, messages),
      },
      giveBack: (lease) => replies.giveBack(id, lease),
      leave: ({ groups }) => outlast(() => limits.underWay.leave(id, groups), signal),
      handOver: (record, next) => outlast(() => this.#handOver(id, record, next), signal),
      logger,
      signal,
    });
  }

  /** An opening that is written on is its requester's story under way again, after those that came meanwhile. */
  async #handOver(id: string, record: VoteRecord<Address>, next: NextReply): Promise<void> {
    const { limits, replies, handOver } = this.#options;
    const { address, hostId, messages, held: lease } = record;
    const reply = { ...next, address, hostId, messages };
    if (next.state.status === 'finished' || !lease) return handOver(id, reply);
    const groups = [lease.person, lease.community].filter((keys) => keys.length > 0);
    const unlimited = groups.map((keys): Group => ({ keys, most: 0 }));
    await limits.underWay.take(id, unlimited);
    const { mayBegin } = await limits.admissibility(id, lease, replies.lookUp);
    const state = mayBegin ? next.state : ({ status: 'waiting', position: null } as const);
    await handOver(id, { ...reply, state, lease });
  }

  /** Ends a vote whose next step has failed in all attempts. */
  async #giveUp(id: string): Promise<void> {
    const record = await (await this.#records).update(id, ({ record: latest }) =>
      latest.isEndShown ? latest : { ...latest, vote: endVote(latest.vote, 'failed'), isEndShown: true },
    );
    if (!record) return;
    const { limits, replies } = this.#options;
    if (record.lease) await replies.giveBack(id, record.lease);
    await limits.underWay.leave(id, record.groups);
  }
}

function newRecord<Address>(
  { terms, requester: { community }, hostId, channelId, address }: NewVote<Address>,
  held: Held,
): VoteRecord<Address> {
  const salt = randomBytes(SALT_BYTES).toString('base64url');
  const place = { channelId, ...(community ? { community } : {}), address };
  return { vote: beginVote(terms), hostId, ...place, ...held, salt, messages: [] };
}
