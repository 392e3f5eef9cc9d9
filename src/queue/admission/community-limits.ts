/** The limits that administrators have set for their communities: stored in the queue, and cached here. */
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

  /** The known limits of a community (as in `Requester`), without asking the queue. */
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

  /** The communities that have limits of their own. */
  async all(): Promise<string[]> {
    return [...(await this.#settings.all()).keys()].map((key) => key.replace('-', ':'));
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

/** BullMQ's ids must not contain colons. */
function keyOf(community: string): string {
  return community.replaceAll(':', '-');
}
