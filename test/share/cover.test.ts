import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { drawable, fit, widthOf } from '../../src/share/cover/lettering.ts';
import { Random } from '../../src/share/cover/random.ts';
import { COVER_SIZE, cover } from '../../src/share/cover.ts';
import { coverPng } from '../../src/share/cover-png.ts';
import { sized } from '../helpers/sized.ts';

const THUMBNAIL_WIDTH = 60;
/** The mean difference of two pictures, per colour of a pixel, below which they look alike; of 255. */
const NOISE = 6;

/** The cover's pixels, four bytes each, RGBA, row by row. */
function coverPixels(title: string, seed: number, width: number): Buffer {
  const options = { fitTo: { mode: 'width', value: width }, font: { loadSystemFonts: false } } as const;
  return new Resvg(cover(title, seed), options).render().pixels;
}

function meanDifference(a: Buffer, b: Buffer): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!);
  return sum / a.length;
}

describe('covers', () => {
  it('are the same for the same title and seed', () => {
    assert.equal(cover('The last robot', 7), cover('The last robot', 7));
  });

  it('differ for 500 titles and seeds by more than noise', () => {
    const number = sized(60, 500);
    const keys = Array.from({ length: number }, (_, index): [string, number] => {
      // The same title with another seed, the same seed with another title, and neighbours.
      if (index % 3 === 0) return ['The last robot', index];
      return index % 3 === 1 ? [`The last robot ${index}`, 7] : [`Story ${index}`, index];
    });
    const pictures = keys.map(([title, seed]) => coverPixels(title, seed, THUMBNAIL_WIDTH));
    let least = Number.POSITIVE_INFINITY;
    for (const [index, picture] of pictures.entries()) {
      for (const other of pictures.slice(index + 1)) least = Math.min(least, meanDifference(picture, other));
    }
    assert.ok(least > NOISE, `the two most similar covers differ by ${least}`);
  });

  it('are PNGs of 1200 x 630 px', async () => {
    const png = await coverPng('Ten thousand years', 3);
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [COVER_SIZE.width, COVER_SIZE.height]);
    assert.deepEqual([COVER_SIZE.width, COVER_SIZE.height], [1200, 630]);
    assert.ok(png.length < 1_500_000, `${png.length} bytes`);
  });

  it('draw any title as outlines only', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (title, seed) => {
          const svg = cover(title, seed);
          assert.match(svg, /^<svg [^>]*viewBox="0 0 1200 630">[ -~]*<\/svg>$/);
          assert.doesNotMatch(
            svg,
            /<(?!\/?(?:svg|defs|g|path|rect|circle|ellipse|stop|pattern|clipPath|linearGradient|radialGradient)\b)/,
          );
          assert.doesNotMatch(svg, /NaN|undefined|Infinity|href|<text/);
        },
      ),
      { numRuns: sized(30, 500) },
    );
  });

  it('draw a title of markup, of bidi controls, of 10 MB and of letters that no font has', () => {
    for (const title of [
      '"><script>alert(1)</script>',
      '\u202e\u2066x',
      'x'.repeat(10_000_000),
      '你好',
      '',
    ]) {
      assert.doesNotMatch(cover(title, 1), /script|\u202e|\u2066/);
    }
  });
});

describe('letters of covers', () => {
  const box = { width: 560, height: 330, largest: 118, smallest: 34, leading: 1.16 };

  it('fit into their box, whatever the title', () => {
    const check = (title: string) => {
      const text = drawable('condensed', title);
      fc.pre(text !== '');
      const { lines, size } = fit('condensed', text, box);
      assert.ok(lines.length * size * box.leading <= box.height + 1, title);
      for (const line of lines) assert.ok(widthOf('condensed', line, size) <= box.width, line);
    };
    fc.assert(fc.property(fc.string({ maxLength: 400 }), check), { numRuns: 200 });
    check('W'.repeat(400));
    check('word '.repeat(100));
  });

  it('show every word of a title that fits', () => {
    const title = 'CAPTAIN VANCE LOOKED AT THE DIALS, AND THE DIALS LOOKED BACK';
    assert.equal(fit('condensed', title, box).lines.join(' '), title);
  });

  it('keep Latin and Cyrillic letters, replace others by their base, and leave out controls', () => {
    assert.equal(drawable('condensed', 'Žluťoučký  кот\n\u202e!'), 'Žluťoučký кот !');
    assert.equal(drawable('slab', 'ǡ你x'), 'ax');
  });
});

describe('Random', () => {
  it('gives the same numbers for a key, between 0 and 1', () => {
    const [a, b] = [new Random('key'), new Random('key')];
    const numbers = Array.from({ length: 1_000 }, () => a.next());
    assert.deepEqual(
      numbers,
      Array.from({ length: 1_000 }, () => b.next()),
    );
    assert.ok(numbers.every((number) => number >= 0 && number < 1));
    const mean = numbers.reduce((sum, number) => sum + number) / numbers.length;
    assert.ok(Math.abs(mean - 0.5) < 0.05);
    assert.ok(new Set(numbers).size > 990);
  });
});
