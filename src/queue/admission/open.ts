import type { QueueConnection } from '../connection.ts';
import type { Stories } from '../stories.ts';
import { CommunityLimitSettings } from './community-limits.ts';
import type { LimitSettings } from './limit-settings.ts';
import { Limits } from './limits.ts';
import { DailySalts } from './salts.ts';

export interface OpenLimits {
  readonly limits: Limits;
  readonly communityLimits: CommunityLimitSettings;
  close(): Promise<void>;
}

/** Opens the limits and the stores that they use. */
export async function openLimits(
  connection: QueueConnection,
  stories: Stories,
  settings: LimitSettings,
): Promise<OpenLimits> {
  const salts = new DailySalts(connection);
  const communityLimits = new CommunityLimitSettings(connection);
  const close = async () => void (await Promise.all([salts.close(), communityLimits.close()]));
  try {
    await Promise.all([salts.ready(), communityLimits.ready()]);
    const store = await connection.limits();
    // The embedded database is slow at the first use of each statement: no requester should wait for that.
    const keys = await salts.namesOf('nobody');
    await store.underWay.take('nothing', [{ keys, most: 0 }]);
    await store.underWay.leave('nothing', keys);
    await store.hourly(1).get(keys[0]!);
    const limits = new Limits({
      store,
      salts,
      stories,
      settings,
      communityLimits: (community) => communityLimits.known(community),
    });
    return { limits, communityLimits, close };
  } catch (error) {
    await close();
    throw error;
  }
}
