import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dueDay,
  isTimeZone,
  nextByPattern,
  nextLineAfter,
  patternOf,
} from '../../../src/bots/commands/daily-schedule.ts';
import { sized } from '../../helpers/sized.ts';
import { ALL, allRules, around, HOURS, walk } from './daily-schedule.ts';

const rules = allRules();

/** The local date and time of the first line after a given time. */
function line(after: string, hour: number, timeZone: string): string {
  const next = nextLineAfter(Date.parse(after), { hour, timeZone });
  return new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(next);
}

describe('the schedule of a daily line', { timeout: 300_000 }, () => {
  it('has exactly one line on every local day around every clock change, in all zones, at all hours', () => {
    let count = 0;
    for (const { zones, changes } of rules) count += walk(zones[0]!, HOURS, around(changes));
    assert.ok(count > 10_000, `${count} lines`);
  });

  it('has exactly one line on every local day of three years, in all zones', () => {
    // At midnight, where most defects occurred; in `npm test` in a quarter of the zones, which all have their clock
    // changes tested above. All hours: daily-schedule.long.ts, which takes minutes.
    const some = rules.filter((_, index) => index % sized(4, 1) === 0);
    for (const { zones } of some) assert.ok(walk(zones[0]!, [0], ALL) > 3 * 364);
  });

  it('fires when local time first reaches the hour, and after a clock change that skips it', () => {
    assert.equal(line('2027-06-01T00:00Z', 8, 'Europe/Vienna'), '2027-06-01 08:00');
    assert.equal(line('2027-06-01T06:00Z', 8, 'Europe/Vienna'), '2027-06-02 08:00');
    // Clocks go from 0:00 to 1:00.
    assert.equal(line('2027-03-27T12:00Z', 0, 'Atlantic/Azores'), '2027-03-28 01:00');
    // Clocks go from 2:00 back to 1:30.
    assert.equal(line('2027-04-03T12:00Z', 20, 'Australia/Lord_Howe'), '2027-04-04 20:00');
    // Clocks go from 1:00 back to 0:00: the first of two midnights.
    assert.equal(
      nextLineAfter(Date.parse('2027-11-07T00:00Z'), { hour: 0, timeZone: 'America/Havana' }),
      Date.parse('2027-11-07T04:00Z'),
    );
    // The 30th of December 2011 does not exist in this zone.
    assert.equal(line('2011-12-29T23:00Z', 12, 'Pacific/Apia'), '2011-12-31 12:00');
  });

  it('is due from its hour to the end of the local day, and not on another day', () => {
    const vienna = { hour: 8, timeZone: 'Europe/Vienna' };
    const due = (moment: string) => dueDay(Date.parse(moment), vienna);
    assert.equal(due('2030-01-01T06:30Z'), undefined);
    // Another process's clock has reached the hour.
    assert.equal(due('2030-01-01T06:59:30Z'), 20_300_101);
    assert.equal(due('2030-01-01T22:58Z'), 20_300_101);
    assert.equal(due('2030-01-01T23:30Z'), undefined);
    assert.equal(dueDay(Date.parse('2030-01-01T23:30Z'), { hour: 0, timeZone: 'Europe/Vienna' }), 20_300_102);
  });

  it('is parsed back from the form in which the queue stores it', () => {
    const daily = { hour: 20, timeZone: 'Australia/Lord_Howe' };
    const after = Date.parse('2027-04-03T12:00Z');
    assert.equal(nextByPattern(after, patternOf(daily)), nextLineAfter(after, daily));
    assert.equal(nextByPattern(after, { pattern: '0 20 * * *', tz: 'Mars/Olympus' }), undefined);
    assert.equal(nextByPattern(after, { pattern: '*/5 * * * *' }), undefined);
  });

  it('accepts valid time zones only', () => {
    const names = ['Europe/Vienna', 'europe/vienna', 'UTC', 'EST5EDT', 'Mars/Olympus', ''];
    assert.deepEqual(names.map(isTimeZone), [true, true, true, true, false, false]);
    assert.ok(Intl.supportedValuesOf('timeZone').every(isTimeZone));
  });
});
