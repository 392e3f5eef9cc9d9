/** What the administrators of servers and workspaces have set for them: kept in the queue, and at hand. */
import type { QueueConnection } from '../connection.ts';
import { KnownSettings } from '../settings.ts';
import type { PlaceLimits } from './limit-settings.ts';

export class PlacesLimits {
  readonly #settings: KnownSettings<PlaceLimits>;

  constructor(connection: QueueConnection) {
    this.#settings = new KnownSettings(connection, 'limits');
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /** What is known to be set for a place (as in `Asker`), at once. */
  known(place: string): PlaceLimits | undefined {
    return this.#settings.known(keyOf(place));
  }

  async read(place: string): Promise<PlaceLimits> {
    return (await this.#settings.read(keyOf(place))) ?? {};
  }

  write(place: string, limits: PlaceLimits): Promise<void> {
    return this.#settings.write(keyOf(place), limits);
  }

  remove(place: string): Promise<void> {
    return this.#settings.remove(keyOf(place));
  }

  /** The places for which anything is set. */
  async all(): Promise<string[]> {
    return [...(await this.#settings.all()).keys()].map((key) => key.replace('-', ':'));
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

/** BullMQ's ids know no colons. */
function keyOf(place: string): string {
  return place.replaceAll(':', '-');
}
