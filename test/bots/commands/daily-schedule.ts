/** Walks the daily lines of time zones, and checks that every local day has exactly one. */
import assert from 'node:assert/strict';
import { Temporal } from 'temporal-polyfill';
import { nextLineAfter } from '../../../src/bots/commands/daily-schedule.ts';

const DAY_MS = 24 * 3_600_000;
/** Three years. */
export const FROM = Date.UTC(2027, 0, 1);
export const TO = Date.UTC(2030, 0, 1);
export const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** Ranges of times, in ms since 1970, over which lines are checked. */
export type Stretch = readonly [from: number, to: number];
export const ALL: readonly Stretch[] = [[FROM, TO]];

/** Time zones that have the same rules for three years, and the times of their clock changes. */
export interface Rules {
  readonly zones: readonly string[];
  readonly changes: readonly number[];
}

/** All time zones of this runtime, grouped by their rules. */
export function allRules(): Rules[] {
  const rules = new Map<string, { zones: string[]; changes: number[] }>();
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    let moment = Temporal.Instant.fromEpochMilliseconds(FROM - DAY_MS).toZonedDateTimeISO(zone);
    let key = `${moment.offsetNanoseconds}`;
    const changes: number[] = [];
    for (;;) {
      const next = moment.getTimeZoneTransition('next');
      if (!next || next.epochMilliseconds > TO) break;
      key += ` ${next.epochMilliseconds}:${next.offsetNanoseconds}`;
      changes.push(next.epochMilliseconds);
      moment = next;
    }
    const known = rules.get(key);
    if (known) known.zones.push(zone);
    else rules.set(key, { zones: [zone], changes });
  }
  return [...rules.values()];
}

/** The days around clock changes. */
export function around(changes: readonly number[]): Stretch[] {
  return changes.map((change) => [change - 2 * DAY_MS, change + 2 * DAY_MS]);
}

/** Fails when a local day has no line, or more than one. Returns the number of lines. */
export function walk(timeZone: string, hours: readonly number[], stretches: readonly Stretch[]): number {
  const dateAt = localDates(timeZone);
  let count = 0;
  for (const hour of hours) {
    for (const [from, to] of stretches) {
      let line = nextLineAfter(from, { hour, timeZone });
      for (let date = dateAt(line); line < to; count++) {
        line = nextLineAfter(line, { hour, timeZone });
        const next = dateAt(line);
        // Compares first: building a message for each of millions of lines takes longer than computing the
        // lines.
        if (next !== dayAfter(date)) assert.equal(next, dayAfter(date), `${timeZone} at ${hour}:00`);
        date = next;
      }
    }
  }
  return count;
}

/** The local date, computed without the code under test. */
function localDates(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short' });
  return (ms) => format.format(ms);
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10);
}
