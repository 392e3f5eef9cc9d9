/** The records of votes on one platform, and the only way in which they change. */
import { createHmac } from 'node:crypto';
import type { Vote } from '../../story/vote.ts';
import type { Lease } from '../admission/store.ts';
import type { StoredVote, VoteStore } from './store.ts';

/** A vote, with what the bots need to show it. */
export interface VoteRecord<Address> {
  readonly vote: Vote;
  /** The user who started it, in the platform's terms. */
  readonly hostId: string;
  /** The channel, as the key of its settings; absent in records of earlier versions. */
  readonly channelId?: string;
  /** As limits name communities; absent outside of one. */
  readonly community?: string;
  /** Where its messages are, in the platform's terms. */
  readonly address: Address;
  /** What its host holds of the limits on stories, until the first choices are offered. */
  readonly lease?: Lease | undefined;
  /** What its host held, and holds again while a chosen opening is written on. */
  readonly held?: Lease;
  /** The keys of the votes under way of its channel and of its community. */
  readonly groups: readonly string[];
  /** Under which voters are named, so that a stored ballot names no user. */
  readonly salt: string;
  /** The messages that show it. */
  readonly messages: readonly string[];
  /** The rounds that the choices of users who want to be named have won, by their names in limits. */
  readonly credits?: Readonly<Record<string, number>>;
  /** The titles that are proposed, when they are written. */
  readonly titles?: readonly string[];
  /** Whether the titles are being written; of records that are shown, and never stored. */
  readonly isTitling?: true;
  /** Whether its end is shown, or is the matter of a reply. */
  readonly isEndShown?: true;
  /** Whether this record is to be removed when the end is shown: its host is forgotten. */
  readonly isForgotten?: true;
  /** Whether a reply goes on in its messages: what becomes of them is that reply's matter. */
  readonly isHandedOver?: true;
  /** Whether its messages and this record are to be deleted. */
  readonly isDeleted?: true;
}

/** A user's vote in a round. */
export interface Choice {
  readonly round: number;
  /** As limits name requesters. */
  readonly person: string;
  /** The index of the choice. */
  readonly choice: number;
  /** When the user voted, in ms by the platform's clock. */
  readonly at: number;
}

export class VoteRecords<Address> {
  readonly #store: VoteStore;
  readonly #prefix: string;

  constructor(store: VoteStore, platform: string) {
    this.#store = store;
    this.#prefix = `${platform}-`;
  }

  add(id: string, record: VoteRecord<Address>): Promise<boolean> {
    return this.#store.add(this.#prefix + id, record);
  }

  read(id: string): Promise<StoredVote<VoteRecord<Address>> | undefined> {
    return this.#store.read(this.#prefix + id);
  }

  /**
   * Changes a record, once, although other processes change it at the same time.
   *
   * @param change returns the next record, or the same one for no change; may be called several times
   * @returns the record as it is then; undefined when there is none
   */
  async update(
    id: string,
    change: (stored: StoredVote<VoteRecord<Address>>) => VoteRecord<Address>,
  ): Promise<VoteRecord<Address> | undefined> {
    for (;;) {
      const stored = await this.read(id);
      if (!stored) return undefined;
      const next = change(stored);
      if (next === stored.record) return next;
      const { phase, round, endsAt } = next.vote;
      const open = phase === 'open' ? { round, endsAt } : { round: 0, endsAt: undefined };
      if (await this.#store.replace(this.#prefix + id, stored.version, next, open)) return next;
    }
  }

  /** Counts a user's vote; false when the round is over, or the vote unknown. */
  async cast(id: string, { round, person, choice, at }: Choice): Promise<boolean> {
    const stored = await this.read(id);
    if (!stored || !(choice < stored.record.vote.choices.length)) return false;
    const voter = voterOf(stored.record, person);
    return this.#store.cast(this.#prefix + id, { round, voter, choice, at });
  }

  /** Takes a user's vote out of an open round. */
  async withdraw(id: string, record: VoteRecord<Address>, person: string): Promise<void> {
    await this.#store.withdraw(this.#prefix + id, voterOf(record, person));
  }

  remove(id: string): Promise<void> {
    return this.#store.remove(this.#prefix + id);
  }

  /** The ids of the platform's votes that last changed before a time, in ms since 1970. */
  async list(before: number): Promise<string[]> {
    const ids = await this.#store.list(before);
    return ids.filter((id) => id.startsWith(this.#prefix)).map((id) => id.slice(this.#prefix.length));
  }
}

/** Whether a vote still has to be driven: a job of it must exist. */
export function isUnfinished({ vote, isEndShown, isDeleted }: VoteRecord<unknown>): boolean {
  return vote.phase !== 'over' || !isEndShown || isDeleted === true;
}

/** The number of ballots for each choice of a vote's open round. */
export function countsOf({ choices }: Vote, ballots: readonly number[]): number[] {
  return choices.map((_, index) => ballots.filter((choice) => choice === index).length);
}

/** How a stored ballot names a user. */
export function voterOf({ salt }: Pick<VoteRecord<unknown>, 'salt'>, person: string): string {
  return createHmac('sha256', salt).update(person).digest('base64url');
}
