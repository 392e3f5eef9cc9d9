/** When the digest of a week is due: every Monday, at an hour in UTC. Pure. */

/** The hour of digests where a channel has chosen none. */
export const DIGEST_HOUR = { min: 0, max: 23, default: 9 } as const;

const HOUR_MS = 3_600_000;
export const WEEK_MS = 7 * 24 * HOUR_MS;
/** Monday, 5 January 1970. */
const FIRST_MONDAY_MS = 4 * 24 * HOUR_MS;

/**
 * The number of the last week whose digest is due at a moment.
 *
 * @param now ms since 1970
 * @param hour of the day, in UTC
 */
export function dueWeek(now: number, hour: number): number {
  return Math.floor((now - FIRST_MONDAY_MS - hour * HOUR_MS) / WEEK_MS);
}

/** When the digest of a week is due, in ms since 1970: it is about the seven days before. */
export function digestTime(week: number, hour: number): number {
  return FIRST_MONDAY_MS + week * WEEK_MS + hour * HOUR_MS;
}
