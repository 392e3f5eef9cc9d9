/**
 * Records in shelves, on the same store as the queues: `backends/redis/shelf.ts` and `backends/embedded/shelf.ts`.
 * Every method is one atomic step for all processes.
 */

export interface Shelved<Record> {
  readonly id: string;
  readonly record: Record;
  /** Grows with every replacement. */
  readonly version: number;
}

export interface ShelfStore {
  /**
   * Adds a record; the oldest ones are removed from a shelf that then has more than `most`.
   *
   * @param at its time, in ms since 1970
   * @returns false when there is one of this id
   */
  add(shelf: string, id: string, at: number, record: object, most: number): Promise<boolean>;
  read<Record>(shelf: string, id: string): Promise<Shelved<Record> | undefined>;
  /** The records of a shelf, oldest first. */
  list<Record>(shelf: string): Promise<readonly Shelved<Record>[]>;
  /** Replaces the record of a version; false when that is not the present version. */
  replace(shelf: string, id: string, version: number, record: object): Promise<boolean>;
  /** Removes a record; false when there is none. */
  remove(shelf: string, id: string): Promise<boolean>;
  /** The names of the shelves that have records. */
  shelves(): Promise<readonly string[]>;
  /** Removes the records of a shelf whose time is before a time, in ms since 1970. */
  removeOld(shelf: string, before: number): Promise<void>;
}
