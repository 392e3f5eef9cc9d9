import type { QueueConnection } from '../connection.ts';
import type { Stories } from '../stories.ts';
import type { LimitSettings } from './limit-settings.ts';
import { Limits } from './limits.ts';
import { PlacesLimits } from './place-limits.ts';
import { DailySalts } from './salts.ts';

export interface OpenLimits {
  readonly limits: Limits;
  readonly places: PlacesLimits;
  close(): Promise<void>;
}

/** Opens the limits, with all that they are kept in. */
export async function openLimits(
  connection: QueueConnection,
  stories: Stories,
  settings: LimitSettings,
): Promise<OpenLimits> {
  const salts = new DailySalts(connection);
  const places = new PlacesLimits(connection);
  const close = async () => void (await Promise.all([salts.close(), places.close()]));
  try {
    await Promise.all([salts.ready(), places.ready()]);
    const store = await connection.limits();
    // The embedded database is slow at whatever it does for the first time: nobody is to wait for that.
    const keys = await salts.namesOf('nobody');
    await store.underWay.take('nothing', [{ keys, most: 0 }]);
    await store.underWay.leave('nothing', keys);
    await store.hourly(1).get(keys[0]!);
    const placeLimits = (place: string) => places.known(place);
    return { limits: new Limits({ store, salts, stories, settings, placeLimits }), places, close };
  } catch (error) {
    await close();
    throw error;
  }
}
