import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestTime, dueWeek, WEEK_MS } from '../../../src/bots/shelf/digest-week.ts';

describe('the week of a digest', () => {
  it('begins on Monday at the hour, in UTC', () => {
    const monday = Date.UTC(2026, 10, 30, 9);
    const week = dueWeek(monday, 9);
    assert.equal(digestTime(week, 9), monday);
    assert.equal(new Date(digestTime(week, 0)).getUTCDay(), 1);
    assert.equal(dueWeek(monday - 1, 9), week - 1);
    assert.equal(dueWeek(monday + WEEK_MS - 1, 9), week);
    assert.equal(dueWeek(monday + WEEK_MS, 9), week + 1);
  });

  it('is the same for every hour of the day on other days', () => {
    const thursday = Date.UTC(2026, 11, 3, 12);
    const weeks = Array.from({ length: 24 }, (_, hour) => dueWeek(thursday, hour));
    assert.equal(new Set(weeks).size, 1);
  });
});
