import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StoryError } from '../../src/errors.ts';
import { philox4x32, sampleFromLogits, uniformAt } from '../../src/generator/sampler.ts';
import { chiSquared, chiSquaredBound } from './engines/assertions.ts';

/** The definition of the ancestor's code: p_i = exp(log(p_i) / T) / sum over the softmax p. */
function distribution(logits: ArrayLike<number>, temperature: number): number[] {
  const exponentials = Array.from(logits, (logit) => Math.exp(logit));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const tempered = exponentials.map((value) => Math.exp(Math.log(value / total) / temperature));
  const temperedTotal = tempered.reduce((sum, value) => sum + value, 0);
  return tempered.map((value) => value / temperedTotal);
}

describe('sampleFromLogits', () => {
  const logitsOf = fc
    .array(fc.float({ min: -15, max: 15, noNaN: true }), { minLength: 1, maxLength: 128 })
    .map((values) => Float32Array.from(values));
  const temperatures = fc.double({ min: 0.01, max: 2, noNaN: true });
  const uniforms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is the inverse of the cumulative distribution of the formula', () => {
    fc.assert(
      fc.property(logitsOf, temperatures, uniforms, (logits, temperature, uniform) => {
        const probabilities = distribution(logits, temperature);
        // Where the plain formula underflows everywhere, it defines no distribution.
        fc.pre(probabilities.every((p) => Number.isFinite(p)));
        const id = sampleFromLogits(logits, 0, logits.length, temperature, uniform);
        const below = probabilities.slice(0, id).reduce((sum, p) => sum + p, 0);
        // Two summation orders in float64: a draw may only differ within this distance of an edge.
        const tolerance = 1e-9;
        assert.ok(below <= uniform + tolerance, `${uniform} lies before ${id}`);
        assert.ok(uniform <= below + probabilities[id]! + tolerance, `${uniform} lies after ${id}`);
      }),
      { numRuns: 5_000 },
    );
  });

  test('draws with the frequencies of the formula', () => {
    const logits = Float32Array.from({ length: 30 }, (_, i) => 3 * Math.sin(i * 1.7));
    const draws = 200_000;
    for (const temperature of [0.4, 1, 2]) {
      const probabilities = distribution(logits, temperature);
      const counts = new Float64Array(31);
      const expected = [0, ...probabilities];
      for (let i = 0; i < draws; i++) {
        const id = sampleFromLogits(logits, 0, 30, temperature, uniformAt(1, i, 0)) + 1;
        counts[expected[id]! * draws < 5 ? 0 : id]! += 1;
      }
      // Cells too rare for the statistic are counted together in the first one.
      expected[0] = probabilities.filter((p) => p * draws < 5).reduce((sum, p) => sum + p, 0);
      const kept = expected.map((p, i) => [p, counts[i]!] as const).filter(([p]) => p * draws >= 5);
      const statistic = chiSquared(
        kept.map(([, count]) => count),
        kept.map(([p]) => p),
        draws,
      );
      assert.ok(statistic < chiSquaredBound(kept.length - 1), `T ${temperature}: ${statistic}`);
    }
  });

  test('draws from allowed ids as if there were no others', () => {
    const masks = fc.array(fc.boolean(), { minLength: 128, maxLength: 128 });
    const anyTemperature = fc.oneof(fc.constant(0), temperatures);
    fc.assert(
      fc.property(logitsOf, masks, anyTemperature, uniforms, (logits, mask, temperature, uniform) => {
        const ids = [...logits.keys()].filter((id) => mask[id]);
        fc.pre(ids.length > 0);
        const allowed = Uint8Array.from(logits, (_, id) => (mask[id] ? 1 : 0));
        const only = Float32Array.from(ids, (id) => logits[id]!);
        const id = sampleFromLogits(logits, 0, logits.length, temperature, uniform, allowed);
        assert.equal(id, ids[sampleFromLogits(only, 0, only.length, temperature, uniform)]);
      }),
      { numRuns: 2_000 },
    );
    assert.throws(() => sampleFromLogits(new Float32Array(3), 0, 3, 1, 0.5, new Uint8Array(3)), StoryError);
  });

  test('at temperature 0 draws the likeliest id, the lowest of several', () => {
    fc.assert(
      fc.property(logitsOf, uniforms, (logits, uniform) => {
        assert.equal(
          sampleFromLogits(logits, 0, logits.length, 0, uniform),
          logits.indexOf(Math.max(...logits)),
        );
      }),
    );
    assert.equal(sampleFromLogits(Float32Array.of(1, 3, 3, 2), 0, 4, 0, 0.99), 1);
  });

  test('at tiny temperatures draws as at 0 where one id is likeliest', () => {
    const logits = Float32Array.of(-4, 2, 1.999, -90);
    for (const temperature of [1e-5, 1e-30, 1e-300, Number.MIN_VALUE]) {
      for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
        assert.equal(sampleFromLogits(logits, 0, 4, temperature, uniform), 1);
      }
    }
  });

  test('reads only its own row', () => {
    const logits = Float32Array.of(9, 0, 5, 0, 9);
    assert.equal(sampleFromLogits(logits, 1, 3, 0, 0), 1);
    assert.equal(sampleFromLogits(logits, 1, 3, 1e-3, 0.7), 1);
  });

  test('handles huge logits without overflow, and never draws impossible ids', () => {
    const logits = Float32Array.of(-Infinity, 3e38, -Infinity, 3e38, -3e38, -Infinity);
    for (let i = 0; i < 100; i++) {
      assert.ok([1, 3].includes(sampleFromLogits(logits, 0, 6, 2, i / 100)));
    }
    assert.equal(sampleFromLogits(logits, 0, 6, 1, 0), 1);
    assert.equal(sampleFromLogits(logits, 0, 6, 1, 1 - 2 ** -53), 3);
    assert.equal(sampleFromLogits(logits, 0, 6, 1, 1), 3);
  });

  test('reports an invalid distribution as an internal error', () => {
    for (const logits of [[1, Number.NaN], [Number.NaN, 1], [1, Infinity], [-Infinity, -Infinity], []]) {
      for (const temperature of [0, 1]) {
        assert.throws(
          () => sampleFromLogits(Float32Array.from(logits), 0, logits.length, temperature, 0.5),
          (error) => error instanceof StoryError && error.code === 'internal',
        );
      }
    }
    assert.throws(() => sampleFromLogits(Float32Array.of(1, 2), 0, 2, -1, 0.5), StoryError);
    assert.throws(() => sampleFromLogits(Float32Array.of(1, 2), 0, 2, Number.NaN, 0.5), StoryError);
  });
});

describe('the noise', () => {
  // kat_vectors of Random123 (D. E. Shaw Research): philox 4x32, 10 rounds.
  const known: [number[], number[], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, output] of known) {
    test(`Philox4x32-10 of counter ${counter.map((word) => word.toString(16)).join(' ')}`, () => {
      const words = Uint32Array.from(counter);
      philox4x32(words, key[0]!, key[1]!);
      assert.deepEqual([...words], output);
    });
  }

  test('is unchanged since the first story was written', () => {
    assert.equal(uniformAt(0, 0, 0), ((0x6627e8d5 >>> 5) * 2 ** 26 + (0xe169c58d >>> 6)) / 2 ** 53);
    assert.deepEqual(
      [uniformAt(7, 0, 0), uniformAt(7, 1, 0), uniformAt(7, 0, 1), uniformAt(0xffff_ffff, 6_000, 3)],
      [0.9545971285563127, 0.4069604038840833, 0.18269284176119072, 0.5848663860313498],
    );
  });

  const coordinates: [string, (i: number) => number][] = [
    ['positions', (i) => uniformAt(42, i, 0)],
    ['seeds', (i) => uniformAt(i, 17, 0)],
    ['attempts', (i) => uniformAt(42, 17, i)],
  ];
  for (const [what, noise] of coordinates) {
    const draws = 200_000;

    test(`is uniform over ${what}`, () => {
      const cells = 256;
      const counts = new Float64Array(cells);
      for (let i = 0; i < draws; i++) {
        const uniform = noise(i);
        assert.ok(uniform >= 0 && uniform < 1);
        counts[Math.floor(uniform * cells)]! += 1;
      }
      const statistic = chiSquared(counts, Array(cells).fill(1 / cells), draws);
      assert.ok(statistic < chiSquaredBound(cells - 1), `chi-squared ${statistic}`);
    });

    test(`is independent for neighbouring ${what}`, () => {
      const cells = 16;
      const counts = new Float64Array(cells * cells);
      let product = 0;
      for (let i = 0; i < draws; i++) {
        const [here, next] = [noise(i), noise(i + 1)];
        counts[Math.floor(here * cells) * cells + Math.floor(next * cells)]! += 1;
        product += (here - 0.5) * (next - 0.5) * 12;
      }
      const statistic = chiSquared(counts, Array(cells * cells).fill(1 / (cells * cells)), draws);
      assert.ok(statistic < chiSquaredBound(cells * cells - 1), `chi-squared ${statistic}`);
      assert.ok(Math.abs(product / draws) < 4 / Math.sqrt(draws), `correlation ${product / draws}`);
    });
  }
});
