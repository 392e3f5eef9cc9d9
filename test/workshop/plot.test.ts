import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plot } from '../../src/workshop/plot.ts';

describe('a plot', () => {
  const series = [{ name: 'wild & calm', points: [[0, -1.5] as const, [1, 2] as const] }];

  test('over numbers has a line through all points, and its ticks', () => {
    const svg = plot({ title: 'A < B', xLabel: 'x', yLabel: 'y', series, scale: 'linear' });
    assert.match(svg, /<polyline points="90\.0,[\d.]+ 570\.0,[\d.]+" fill="none"/);
    assert.match(svg, /<title>A &lt; B<\/title>/);
    assert.match(svg, />wild &amp; calm<\/text>/);
    assert.match(svg, />0\.2<\/text>/);
  });

  test('over names has points without a line, above the names', () => {
    const svg = plot({ title: 'T', xNames: ['real words', 'a < b'], yLabel: 'y', series, scale: 'linear' });
    assert.doesNotMatch(svg, /polyline/);
    assert.equal(svg.match(/<circle/g)!.length, 2);
    assert.match(svg, /rotate\(-35\)" text-anchor="end">real words<\/text>/);
    assert.match(svg, /text-anchor="end">a &lt; b<\/text>/);
    // A larger value is higher.
    const [low, high] = [...svg.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, cy]) => Number(cy));
    assert.ok(high! < low!);
  });
});
