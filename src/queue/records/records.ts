/** The records of one kind on one platform, and the only way in which they change. */
import type { RecordStore } from './store.ts';

export class Records<Record extends object> {
  readonly #store: RecordStore;
  readonly #prefix: string;

  constructor(store: RecordStore, platform: string) {
    this.#store = store;
    this.#prefix = `${platform}-`;
  }

  /** Adds a record; false when there is one of this id. */
  add(id: string, record: Record): Promise<boolean> {
    return this.#store.add(this.#prefix + id, record);
  }

  async read(id: string): Promise<Record | undefined> {
    return (await this.#store.read<Record>(this.#prefix + id))?.record;
  }

  /**
   * Changes a record, once, although other processes change it at the same time.
   *
   * @param change returns the next record, or the same one for no change; may be called several times
   * @returns the record as it is then; undefined when there is none
   */
  async update(id: string, change: (record: Record) => Record): Promise<Record | undefined> {
    for (;;) {
      const stored = await this.#store.read<Record>(this.#prefix + id);
      if (!stored) return undefined;
      const next = change(stored.record);
      if (next === stored.record) return next;
      if (await this.#store.replace(this.#prefix + id, stored.version, next)) return next;
    }
  }

  remove(id: string): Promise<void> {
    return this.#store.remove(this.#prefix + id);
  }

  /** The ids of the platform's records that last changed before a time, in ms since 1970. */
  async list(before: number): Promise<string[]> {
    const ids = await this.#store.list(before);
    return ids.filter((id) => id.startsWith(this.#prefix)).map((id) => id.slice(this.#prefix.length));
  }
}
