/**
 * The relays of one platform. A relay has one job on `relays-<platform>`, which waits in the queue until the relay ends
 * by itself; a new line wakes it earlier.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { beginRelay, forgetAuthor, type RelayTerms } from '../../story/relay/relay.ts';
import type { Limits, LookUp } from '../admission/limits.ts';
import { sentences } from '../admission/settings.ts';
import type { Requester } from '../admission/store.ts';
import type { QueueConnection } from '../connection.ts';
import { atOnce } from '../job-queue.ts';
import { outlast } from '../outage.ts';
import { RecordJobs } from '../records/jobs.ts';
import { ARRIVAL_MS, placesTogether } from '../records/places.ts';
import { Records } from '../records/records.ts';
import { start } from '../records/start.ts';
import type { Replies } from '../replies.ts';
import type { Shelf } from '../shelf/shelf.ts';
import type { Stories } from '../stories.ts';
import { RelayChanges } from './changes.ts';
import { driveRelay } from './drive.ts';
import { authorOf, givenUp, isUnfinished, type RelayBoard, type RelayRecord } from './record.ts';
import { RelayThreads } from './threads.ts';

const SALT_BYTES = 32;
/** Replaces a user's id that is forgotten. */
const FORGOTTEN_HOST = '0';

/**
 * Between two threads that are read again. Each is at least one request to the platform, and stories need most of those
 * that a process may make: for Discord, 25 a second.
 */
const CATCH_UP_PAUSE_MS = 100;

/** The beginning of a relay's id, which no reply's and no vote's id has. */
export const RELAY_ID = 'relay-';

/** A user's wish for a relay. */
export interface NewRelay<Address> {
  readonly terms: RelayTerms;
  readonly requester: Requester;
  /** The host, in the platform's terms. */
  readonly hostId: string;
  readonly hostName: string | undefined;
  readonly channelId: string;
  /** The server or workspace, in the platform's terms. */
  readonly communityId: string;
  readonly address: Address;
}

export interface RelaysOptions<Address> {
  readonly connection: QueueConnection;
  readonly platform: string;
  readonly stories: Stories;
  readonly limits: Pick<Limits, 'admit' | 'underWay' | 'together'>;
  /** Gives a lease back, and wakes the requester's next reply; looks up what else the requester has under way. */
  readonly replies: Pick<Replies<unknown>, 'giveBack' | 'lookUp'>;
  /** Where finished stories are kept. */
  readonly shelf: Shelf<Address>;
  /** An address without what is of no use after the end; by default all of it is. */
  readonly lasting?: (address: Address) => Address;
  readonly logger: Logger;
  /** The time in ms since 1970. */
  readonly clock?: () => number;
}

export class Relays<Address> {
  readonly #options: RelaysOptions<Address>;
  readonly #clock: () => number;
  readonly #lasting: (address: Address) => Address;
  readonly #jobs: RecordJobs;
  readonly #records: Promise<Records<RelayRecord<Address>>>;
  readonly threads: RelayThreads;
  /** What users do in relays. */
  readonly changes: RelayChanges<Address>;
  readonly #closed = new AbortController();

  constructor(options: RelaysOptions<Address>) {
    const { connection, platform, logger } = options;
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#lasting = options.lasting ?? ((address) => address);
    const isDriven = async (id: string) => {
      const record = await (await this.#records).read(id);
      return record !== undefined && isUnfinished(record);
    };
    this.#jobs = new RecordJobs(connection, `relays-${platform}`, isDriven, logger);
    this.#records = outlast(() => connection.records('relays')).then((store) => new Records(store, platform));
    this.#records.catch(() => {});
    this.threads = new RelayThreads(connection, platform);
    this.changes = new RelayChanges(this.#records, (id) => this.#jobs.wake(id), this.#clock);
  }

  get name(): string {
    return this.#jobs.name;
  }

  async ready(): Promise<void> {
    await Promise.all([this.#jobs.ready(), this.#records, this.threads.ready()]);
  }

  /**
   * Starts a relay, as one story of its host. Idempotent for an id.
   *
   * @param id begins with `RELAY_ID`
   * @throws StoryError with a sentence when the host, the channel or the community may have no relay now
   */
  async start(id: string, wish: NewRelay<Address>): Promise<void> {
    const { platform, limits, replies } = this.#options;
    const { terms, requester, hostId, hostName, channelId, communityId, address } = wish;
    const { community } = requester;
    const salt = randomBytes(SALT_BYTES).toString('base64url');
    const host = authorOf({ salt }, requester.person, hostName);
    const where = { communityId, channelId, ...(community ? { community } : {}), address };
    await start(id, {
      requester,
      places: placesTogether('relay', { platform, channelId, community }, limits.together),
      limits,
      lookUp: this.lookUp,
      lookUpStory: replies.lookUp,
      records: await this.#records,
      jobs: this.#jobs,
      recordOf: (held) => ({
        relay: beginRelay(terms, host, this.#clock()),
        hostId,
        ...where,
        ...held,
        salt,
        looks: 0,
        looked: 0,
        end: [],
      }),
    });
  }

  /**
   * Ends the relays that no user can see any more: nothing of their end is shown.
   *
   * @param isGone whether the thread, the channel or the community of a relay is gone
   */
  async lose(isGone: (record: RelayRecord<Address>) => boolean): Promise<void> {
    const records = await this.#records;
    for (const id of await records.list(Number.MAX_SAFE_INTEGER)) {
      const isLost = (record: RelayRecord<Address>) => record.relay.phase !== 'over' && isGone(record);
      const stored = await records.read(id);
      if (!stored || !isLost(stored)) continue;
      await records.update(id, (latest) =>
        isLost(latest) ? givenUp(latest, this.#clock(), this.#lasting) : latest,
      );
      void this.#jobs.wake(id);
    }
  }

  /** Deletes a relay with the bot's messages; false when it is not kept (any more). */
  async delete(id: string): Promise<boolean> {
    const deleted = (record: RelayRecord<Address>) => ({ ...record, isDeleted: true as const });
    const record = await atOnce((await this.#records).update(id, deleted), sentences.unavailable);
    if (!record) return false;
    await this.#jobs.add(id);
    void this.#jobs.wake(id);
    return true;
  }

  /**
   * Has the threads of open relays read again: messages may have been missed.
   *
   * @param isMissed whether messages of a relay may have been missed
   */
  async catchUp(isMissed: (record: RelayRecord<Address>) => boolean = () => true): Promise<void> {
    const { signal } = this.#closed;
    const records = await this.#records;
    for (const id of await outlast(() => records.list(Number.MAX_SAFE_INTEGER), signal)) {
      const record = await outlast(
        () =>
          records.update(id, (latest) =>
            latest.relay.phase === 'open' && latest.head !== undefined && isMissed(latest)
              ? { ...latest, looks: latest.looks + 1 }
              : latest,
          ),
        signal,
      );
      if (record?.relay.phase !== 'open' || !isMissed(record)) continue;
      void this.#jobs.wake(id);
      await sleep(CATCH_UP_PAUSE_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }

  /**
   * Removes a user from all relays that are kept: the relays of this user are over, and this user's lines have no
   * author any more.
   *
   * @param isHost whether the user has started a relay
   * @param person as limits name requesters
   */
  async forget(isHost: (record: RelayRecord<Address>) => boolean, person: string): Promise<void> {
    const records = await this.#records;
    for (const id of await records.list(Number.MAX_SAFE_INTEGER)) {
      const replacement = randomUUID();
      let isTheirs = false;
      const record = await records.update(id, (latest) => {
        const { key } = authorOf(latest, person, undefined);
        const relay = forgetAuthor(latest.relay, key, replacement);
        isTheirs = isHost(latest);
        if (!isTheirs) return relay === latest.relay ? latest : { ...latest, relay };
        const { titles: _, ...others } = latest;
        return { ...others, relay, hostId: FORGOTTEN_HOST, isForgotten: true };
      });
      if (!record || !isTheirs) continue;
      // A record whose end is still to be shown is removed after that.
      if (record.isEndShown) await records.remove(id);
      else await this.changes.end(id);
    }
  }

  /** Whether a relay is known, and whether it is over. */
  readonly lookUp: LookUp = async (id) => {
    if (!id.startsWith(RELAY_ID)) return 'unknown';
    const record = await (await this.#records).read(id);
    if (!record) return 'unknown';
    if (record.relay.phase === 'over') return 'ended';
    return (await this.#jobs.hasFailed(id)) ? 'ended' : 'under way';
  };

  /** Lets this process drive relays. */
  work(board: RelayBoard<Address>): void {
    const { platform, stories, limits, replies, shelf, logger } = this.#options;
    this.#jobs.work({
      drive: async (id, hold) =>
        driveRelay({
          id,
          storyPrefix: `${platform}-${id}`,
          records: await this.#records,
          threads: this.threads,
          stories,
          shelf,
          board,
          lasting: this.#lasting,
          giveBack: (lease) => replies.giveBack(id, lease),
          leave: ({ groups }) => outlast(() => limits.underWay.leave(id, groups), hold.signal),
          clock: this.#clock,
          logger,
          hold,
        }),
      giveUp: (id) => this.#giveUp(id),
    });
  }

  /** Jobs by state. */
  count(): Promise<Record<string, number>> {
    return this.#jobs.count();
  }

  /** Removes relays that were over longer than `ageMs` ago, and takes those up whose process was lost at a bad moment. */
  async removeOlderThan(ageMs: number): Promise<void> {
    await this.#jobs.removeOlderThan(ageMs);
    const records = await this.#records;
    for (const id of await records.list(Date.now() - ARRIVAL_MS)) await this.#jobs.restore(id);
    for (const id of await records.list(Date.now() - ageMs)) {
      if ((await this.lookUp(id)) !== 'ended') continue;
      const thread = (await records.read(id))?.thread;
      if (thread !== undefined) await this.threads.remove(thread);
      await records.remove(id);
    }
  }

  close(): Promise<void> {
    this.#closed.abort();
    return this.#jobs.close();
  }

  /** Ends a relay that could not be shown in all attempts. */
  async #giveUp(id: string): Promise<void> {
    const { limits, replies, shelf } = this.#options;
    const records = await this.#records;
    const before = await records.read(id);
    const { channelId, isEndShown } = before ?? {};
    if (channelId !== undefined && !isEndShown) await shelf.removeWork(channelId, id);
    const record = await records.update(id, (latest) => givenUp(latest, this.#clock(), this.#lasting));
    if (!record) return;
    if (record.lease) await replies.giveBack(id, record.lease);
    await limits.underWay.leave(id, record.groups);
  }
}
