/** When a daily line is due. Every local day has exactly one, whatever the clocks of its time zone do. Pure. */
import { Temporal } from 'temporal-polyfill';
import type { PromptChannel } from '../prompt-channels.ts';

export type Daily = NonNullable<PromptChannel['daily']>;

/** How much the clock of the process that posts a line may be behind that of the process that scheduled it. */
const CLOCK_DIFFERENCE_MS = 60_000;
/** Days to look ahead; a time zone that moves across the date line leaves one out. */
const DAYS_AHEAD = 4;
const PATTERN = /^0 (\d+) \* \* \*$/;

/**
 * The first line after a moment.
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
 * The local day whose line is due at a moment, as a number such as 20300101; undefined when that day's is yet to come.
 * A line that was missed while no process ran is not made up for on another day, which has its own.
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

/** A schedule in the form in which BullMQ keeps it. */
export function patternOf({ hour, timeZone }: Daily): { readonly pattern: string; readonly tz: string } {
  return { pattern: `0 ${hour} * * *`, tz: timeZone };
}

/**
 * BullMQ's question for the next time of a schedule that `patternOf` made.
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

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    dateAt(0, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The line of one day: at its hour, the first time that the clocks show it. Where they jump over it, the line comes
 * after the jump, and before it when the jump ends the day. Undefined for a day that the time zone leaves out.
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
