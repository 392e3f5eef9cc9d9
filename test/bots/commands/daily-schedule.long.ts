import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALL, allRules, HOURS, walk } from './daily-schedule.ts';

describe('the schedule of a daily line, every day', () => {
  it('has exactly one line on every local day, in every time zone, at every hour, for three years', () => {
    for (const { zones } of allRules()) {
      for (const zone of zones) assert.ok(walk(zone, HOURS, ALL) > 24 * 3 * 364);
    }
  });
});
