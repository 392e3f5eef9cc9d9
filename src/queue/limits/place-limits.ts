/** What the administrators of servers and workspaces have set for them: kept in the queue, and at hand. */
import type { QueueConnection } from '../connection.ts';
import { Settings } from '../settings.ts';
import type { PlaceLimits } from './limit-settings.ts';

/** How soon a change that another process made is known here. */
const REFRESH_MS = 30_000;

export class PlacesLimits {
  readonly #settings: Settings<PlaceLimits>;
  #known = new Map<string, PlaceLimits>();
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: QueueConnection) {
    this.#settings = new Settings(connection, 'limits');
  }

  async ready(): Promise<void> {
    await this.#settings.ready();
    this.#known = await this.#settings.all();
    this.#timer = setInterval(() => {
      // While the queue is away, what is known stays good.
      this.#settings.all().then(
        (all) => {
          this.#known = all;
        },
        () => {},
      );
    }, REFRESH_MS);
  }

  /** What is known to be set for a place (as in `Asker`), at once. */
  known(place: string): PlaceLimits | undefined {
    return this.#known.get(keyOf(place));
  }

  async read(place: string): Promise<PlaceLimits> {
    return (await this.#settings.read(keyOf(place))) ?? {};
  }

  async write(place: string, limits: PlaceLimits): Promise<void> {
    await this.#settings.write(keyOf(place), limits);
    this.#known.set(keyOf(place), limits);
  }

  async remove(place: string): Promise<void> {
    await this.#settings.remove(keyOf(place));
    this.#known.delete(keyOf(place));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#settings.close();
  }
}

/** BullMQ's ids know no colons. */
function keyOf(place: string): string {
  return place.replaceAll(':', '-');
}
