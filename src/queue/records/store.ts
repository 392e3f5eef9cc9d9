/**
 * Where the records of what is under way are kept, on the same store as the queues. `backends/redis/records.ts` and
 * `backends/embedded/records.ts` implement the interface. Every method is one atomic step for all processes.
 */

export interface StoredRecord<Record> {
  readonly record: Record;
  /** Grows with every replacement. */
  readonly version: number;
}

/** Records of one kind. */
export interface RecordStore {
  /** Adds a record; false when there is one of this id. */
  add(id: string, record: object): Promise<boolean>;
  read<Record>(id: string): Promise<StoredRecord<Record> | undefined>;
  /** Replaces the record of a version; false when that is not the present version. */
  replace(id: string, version: number, record: object): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** The records that were last replaced before a time, in ms since 1970. */
  list(before: number): Promise<readonly string[]>;
}
