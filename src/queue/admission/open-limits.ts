/** Opens admission with the stores that it uses. */
import type { QueueConnection } from '../connection.ts';
import type { Stories } from '../stories.ts';
import { Limits } from './limits.ts';
import { CommunityLimitSettings, type LimitSettings } from './settings.ts';
import { DailySalts } from './store.ts';

export interface OpenLimits {
  readonly limits: Limits;
  readonly communityLimits: CommunityLimitSettings;
  /**
   * Does once what an admission does. The embedded database is slow at the first use of each statement: a requester
   * should not wait for that.
   */
  warmUp(): Promise<void>;
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
    const limits = new Limits({
      store,
      salts,
      stories,
      settings,
      communityLimits: (community) => communityLimits.known(community),
    });
    const warmUp = async () => {
      const keys = await salts.namesOf('warm-up');
      await store.underWay.take('warm-up', [{ keys, most: 0 }]);
      await store.underWay.leave('warm-up', keys);
      await store.hourly(1).get(keys[0]!);
    };
    return { limits, communityLimits, warmUp, close };
  } catch (error) {
    await close();
    throw error;
  }
}
