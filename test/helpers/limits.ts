import type { LimitSettings } from '../../src/queue/admission/settings.ts';

/** For tests of other subjects: every requester may have as many stories as the queue holds. */
export const NO_LIMITS: LimitSettings = {
  person: { running: 0, waiting: 0, hourly: 0 },
  community: { atOnce: 0, hourly: 0 },
  together: { channel: 1, community: 10 },
  maxWaiting: 0,
  longestWaitMs: 0,
};

/** One running story of a user and two that wait. */
export const THREE_AT_ONCE: Partial<LimitSettings> = {
  person: { running: 1, waiting: 2, hourly: 5 },
  community: { atOnce: 200, hourly: 1_000 },
};

/** `NO_LIMITS`, in the form of a process's settings. */
export const NO_LIMITS_SET = {
  SCIFI_PERSON_RUNNING: '0',
  SCIFI_PERSON_HOURLY: '0',
  SCIFI_PLACE_STORIES: '0',
  SCIFI_PLACE_HOURLY: '0',
  SCIFI_LONGEST_WAIT: '0',
} as const;
