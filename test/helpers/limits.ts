import type { LimitSettings } from '../../src/queue/limit-settings.ts';

/** For tests of something else: everybody may have whatever the queue holds. */
export const NO_LIMITS: LimitSettings = {
  person: { running: 0, waiting: 0, hourly: 0 },
  place: { atOnce: 0, hourly: 0 },
  maxWaiting: 0,
  longestWaitMs: 0,
};
