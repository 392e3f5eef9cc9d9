/** What the administrators of servers and workspaces have set for them: kept in the queue, and at hand. */
import type { QueueConnection } from '../connection.ts';
import { currentLimits } from '../old-records.ts';
import { KnownSettings } from '../settings.ts';
import type { CommunityLimits } from './limit-settings.ts';

export class CommunityLimitSettings {
  readonly #settings: KnownSettings<CommunityLimits>;

  constructor(connection: QueueConnection) {
    this.#settings = new KnownSettings(connection, 'limits');
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /** What is known to be set for a community (as in `Requester`), without asking the queue. */
  known(community: string): CommunityLimits | undefined {
    const stored = this.#settings.known(keyOf(community));
    return stored && currentLimits(stored);
  }

  async read(community: string): Promise<CommunityLimits> {
    return currentLimits((await this.#settings.read(keyOf(community))) ?? {});
  }

  write(community: string, limits: CommunityLimits): Promise<void> {
    return this.#settings.write(keyOf(community), limits);
  }

  remove(community: string): Promise<void> {
    return this.#settings.remove(keyOf(community));
  }

  /** The communities for which anything is set. */
  async all(): Promise<string[]> {
    return [...(await this.#settings.all()).keys()].map((key) => key.replace('-', ':'));
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

/** BullMQ's ids know no colons. */
function keyOf(community: string): string {
  return community.replaceAll(':', '-');
}
