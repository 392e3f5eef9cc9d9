/** Measured points and their table. */
import { figure, table } from '../measure.ts';
import type { CardUse } from './card.ts';

export const STORY_CHARACTERS = 1_000;
const STORIES = 1_000;

export interface Point {
  readonly slots: number;
  /** Characters per second. */
  readonly rate: number;
  /** Milliseconds of one decode of 16 characters: the median, and the slowest of a hundred. */
  readonly decodeMs: number;
  readonly slowestMs: number;
}

/** How much of the card a number of operations and of bytes is. */
export interface Scale {
  /** Operations in a second, in 10^12, that the card reaches; NaN where that is unknown. */
  readonly operations: number;
  /** Bytes of a weight. */
  readonly weightBytes: number;
  /** Bytes in a second, in 10^9. */
  readonly memory: number;
}

const HEADER = [
  ...[
    'slots',
    'characters/s',
    'ms a decode',
    'slowest',
    'TOP/s',
    '% of limit',
    'GB/s of weights',
    '% of copy',
  ],
  ...['MiB of the card', 'W', 's for 1,000 stories', 'Wh', 'cents'],
];

/** @param centsPerHour price of the card */
export function pointsTable(
  points: readonly { readonly point: Point; readonly use: CardUse }[],
  weights: number,
  scale: Scale,
  centsPerHour: number,
): string {
  const rows = points.map(({ point: { slots, rate, decodeMs, slowestMs }, use }) => {
    const operations = (rate * weights * 2) / 1e12;
    // Every step reads all weights at least once, for any number of rows.
    const bytes = ((rate / slots) * weights * scale.weightBytes) / 1e9;
    const seconds = (STORIES * STORY_CHARACTERS) / rate;
    return [
      String(slots),
      figure(rate),
      decodeMs.toFixed(2),
      slowestMs.toFixed(2),
      operations.toFixed(3),
      figure((100 * operations) / scale.operations),
      figure(bytes),
      figure((100 * bytes) / scale.memory),
      figure(use.mebibytes),
      figure(use.watts),
      figure(seconds),
      figure((use.watts * seconds) / 3_600),
      figure((centsPerHour * seconds) / 3_600),
    ];
  });
  return table(HEADER, rows);
}
