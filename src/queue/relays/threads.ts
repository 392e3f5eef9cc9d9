/** The threads of relays: which relay's messages are in a thread. */
import type { QueueConnection } from '../connection.ts';
import { outlast } from '../outage.ts';
import { Records } from '../records/records.ts';

/** Threads that are remembered; the oldest are read from the store again. */
const KNOWN_MAX = 1_000;

export class RelayThreads {
  readonly #records: Promise<Records<{ readonly relayId: string }>>;
  /** Ids of relays, by the keys of their threads. */
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(connection: QueueConnection, platform: string) {
    this.#records = outlast(() => connection.records('relay-threads')).then(
      (store) => new Records(store, platform),
    );
    this.#records.catch(() => {});
  }

  async ready(): Promise<void> {
    await this.#records;
  }

  /** Stores the relay of a thread, once. */
  async add(thread: string, relayId: string): Promise<void> {
    await (await this.#records).add(thread, { relayId });
  }

  async remove(thread: string): Promise<void> {
    await (await this.#records).remove(thread);
    this.#known.delete(thread);
  }

  /**
   * The relay of a thread; undefined when it has none. Calls at the same time share one look-up, so that the messages of
   * a thread are judged in their order.
   */
  find(thread: string): Promise<string | undefined> {
    const known = this.#known.get(thread);
    if (known) return known;
    const finding = this.#read(thread);
    this.#known.set(thread, finding);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN_MAX) break;
      this.#known.delete(oldest);
    }
    return finding;
  }

  async #read(thread: string): Promise<string | undefined> {
    let relayId: string | undefined;
    try {
      relayId = (await (await this.#records).read(thread))?.relayId;
    } finally {
      if (relayId === undefined) this.#known.delete(thread);
    }
    return relayId;
  }
}
