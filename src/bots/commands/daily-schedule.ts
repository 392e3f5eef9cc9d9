/**
 * When a daily line is due. Every local day has exactly one, across all clock changes of its time zone. Pure.
 */
import { Temporal } from 'temporal-polyfill';
import type { PromptChannel } from '../prompt-channels.ts';

export type Daily = NonNullable<PromptChannel['daily']>;

/**
 * How far the clock of the process that posts a line may be behind the clock of the process that scheduled
 * it.
 */
const CLOCK_DIFFERENCE_MS = 60_000;
/** Days to look ahead; a time zone that moves across the date line skips a day. */
const DAYS_AHEAD = 4;
const PATTERN = /^0 (\d+) \* \* \*$/;

/**
 * The time of the first line after a moment.
 *
 * @param after ms since 1970
 * @returns ms since 1970
 * @throws RangeError when this runtime does not know the time zone
 */
export function nextLineAfter(after: number, daily: Daily): number {
  const today = dateAt(after, daily.timeZone);
  for (let days = 0; days <= DAYS_AHEAD; days++) {
    const line = lineOn(today.add({ days }), daily);
    if (line !== undefined && line > after) return line;
  }
  throw new RangeError(`Expected a next day in the time zone ${daily.timeZone}, found none.`);
}

/**
 * The local day whose line is due at a moment, as a number such as 20300101; undefined when that day's line
 * is still in the future. A line that was missed while no process ran is not posted on another day, which has
 * its own line.
 *
 * @param now ms since 1970
 * @throws RangeError when this runtime does not know the time zone
 */
export function dueDay(now: number, daily: Daily): number | undefined {
  const moment = now + CLOCK_DIFFERENCE_MS;
  const today = dateAt(moment, daily.timeZone);
  const line = lineOn(today, daily);
  return line !== undefined && line <= moment
    ? (today.year * 100 + today.month) * 100 + today.day
    : undefined;
}

/** A schedule in BullMQ's format. */
export function patternOf({ hour, timeZone }: Daily): { readonly pattern: string; readonly tz: string } {
  return { pattern: `0 ${hour} * * *`, tz: timeZone };
}

/**
 * BullMQ's repeat strategy: the next time of a schedule that `patternOf` made.
 *
 * @returns ms since 1970; undefined, which ends the schedule until it is repaired, when there is none
 */
export function nextByPattern(
  after: number,
  { pattern, tz = 'UTC' }: { readonly pattern?: string; readonly tz?: string },
): number | undefined {
  const hour = PATTERN.exec(pattern ?? '')?.[1];
  if (hour === undefined) return undefined;
  try {
    return nextLineAfter(after, { hour: Number(hour), timeZone: tz });
  } catch {
    return undefined;
  }
}

/** Whether a time zone of that name exists. */
export function isTimeZone(name: string): boolean {
  try {
    dateAt(0, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The time of one day's line: at its hour, the first time that the clocks show it. Where the clocks skip that
 * hour, the line comes after the change, or before it when the change ends the day. Undefined for a day that
 * the time zone skips.
 */
function lineOn(date: Temporal.PlainDate, { hour, timeZone }: Daily): number | undefined {
  const local = date.toPlainDateTime({ hour });
  for (const disambiguation of ['compatible', 'earlier'] as const) {
    const moment = local.toZonedDateTime(timeZone, { disambiguation });
    if (moment.toPlainDate().equals(date)) return moment.epochMilliseconds;
  }
  return undefined;
}

function dateAt(ms: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
}
