/**
 * Where votes are kept, on the same store as the queues. `backends/redis/votes.ts` and `backends/embedded/votes.ts`
 * implement the interface. Every method is one atomic step for all processes.
 *
 * A record is replaced only if no other process has replaced it meanwhile. A ballot is accepted while its round is open
 * by the store's own clock, so that once a round's end has passed, its counts are final.
 */

/** The part of a record that decides whether ballots are accepted. */
export interface OpenRound {
  /** The round that is open; 0 for none. Ballots of another round are deleted. */
  readonly round: number;
  /** When it ends, in ms since 1970; undefined while that is not decided. */
  readonly endsAt: number | undefined;
}

/** A voter's choice in a round. */
export interface Ballot {
  readonly round: number;
  readonly voter: string;
  /** The index of the choice. */
  readonly choice: number;
  /** When the voter made it, in ms by the clock of the platform: an earlier one does not replace a later one. */
  readonly at: number;
}

export interface StoredVote<Record> {
  readonly record: Record;
  /** Grows with every replacement. */
  readonly version: number;
  /** The ballots of the open round: the index of the choice of each voter. */
  readonly ballots: readonly number[];
  /** The voters, in the order of the ballots. */
  readonly voters: readonly string[];
  /** The store's time, in ms since 1970. */
  readonly now: number;
}

export interface VoteStore {
  /** Adds a vote; false when there is one of this id. */
  add(id: string, record: object): Promise<boolean>;
  read<Record>(id: string): Promise<StoredVote<Record> | undefined>;
  /** Replaces the record of a version; false when that is not the present version. */
  replace(id: string, version: number, record: object, open: OpenRound): Promise<boolean>;
  /**
   * Counts a ballot, in place of an earlier one of the same voter.
   *
   * @returns false when the round is not open (any more)
   */
  cast(id: string, ballot: Ballot): Promise<boolean>;
  /** Removes a voter's ballot of the open round. */
  withdraw(id: string, voter: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The votes that were last replaced before a time, in ms since 1970, in the order of these changes. */
  list(before: number): Promise<readonly string[]>;
}
