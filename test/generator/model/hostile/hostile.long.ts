/**
 * Thousands of damaged models in every format. Another seed tries others:
 *
 *   TEST_SEED=2 node --import tsx --test test/generator/model/hostile/hostile.long.ts
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { samples } from './models.ts';
import { tryDamaged } from './run.ts';

const SEED = Number(process.env.TEST_SEED ?? 1);
const RUNS = 1_000;
/** Of those that a thread reads. */
const SLOW_RUNS = 150;
/** The whole process, with all of its models; the files have at most 100 kB. */
const MAX_MEMORY_MB = 600;

const SAMPLES = await samples();

describe(`a damaged model is refused in one line that names the file, or runs (seed ${SEED}):`, () => {
  for (const sample of SAMPLES) {
    test(sample.name, async (context) => {
      const { refused, ran } = await tryDamaged(sample, SEED, sample.isSlow ? SLOW_RUNS : RUNS);
      context.diagnostic(`${refused} were refused, ${ran} ran`);
    });
  }

  test('within a bound of memory', (context) => {
    const megabytes = process.resourceUsage().maxRSS / 1_024;
    context.diagnostic(`${megabytes.toFixed(0)} MB`);
    assert.ok(megabytes < MAX_MEMORY_MB, `${megabytes} MB`);
  });
});
